/** The race itself: connections that ask at the same moment. Nothing here draws. */

import { socketAt } from "./sockets.js";

const QUESTION = "count 1";
const ANSWER = "1";

// A browser makes a page wait for seconds that opens many more than this at the same time.
const OPEN_AT_ONCE = 4;

/** How a race at one path may end, other than with every answer. */
export class Unopened extends Error {}
export class Stopped extends Error {}
export class Lost extends Error {
  constructor(code) {
    super();
    this.code = code;
  }
}
export class WrongAnswer extends Error {
  constructor(answer) {
    super();
    this.answer = answer;
  }
}

/**
 * The connections of one path. Times are milliseconds, counted from when all have asked.
 *
 * opened:   how many are open, or were before the end
 * alone_ms: what the first took when it asked alone; null until then
 * lanes:    {asked_ms, answered_ms} of each that has asked; answered_ms is null until it has its answer
 * took_ms:  how long the crowd took, or had taken when the race ended; null while it runs
 * failure:  one of the errors above; null where all were answered
 */
export class Crowd {
  constructor(path, count) {
    Object.assign(this, { path, count, opened: 0, sockets: [], lanes: [] });
    this.alone_ms = this.began_ms = this.took_ms = this.failure = null;
    this.isStopped = false;
    this.stopping = new Promise((resolve) => {
      this.stop = () => {
        this.isStopped = true;
        resolve();
      };
    });
  }

  get answered() {
    return this.lanes.filter((lane) => lane.answered_ms !== null).length;
  }

  /** How long the crowd has been waiting by now, or had been when it ended. */
  get elapsed_ms() {
    if (this.began_ms === null) return 0;
    return this.took_ms ?? performance.now() - this.began_ms;
  }

  /** Opens, asks and closes; the promise is kept when it is over, however it ended. */
  async race() {
    const stopped = this.stopping.then(() => {
      throw new Stopped();
    });
    try {
      await Promise.race([stopped, this.steps()]);
    } catch (failure) {
      this.failure = failure;
    }
    this.took_ms = this.elapsed_ms;
    const gone = this.sockets.map(closed);
    // A browser has room for few more than one crowd. A server that is held up cannot close any.
    await Promise.race([this.stopping, Promise.all(gone)]);
  }

  async steps() {
    while (this.sockets.length < this.count && !this.isStopped) {
      const some = Math.min(OPEN_AT_ONCE, this.count - this.sockets.length);
      const fresh = Array.from({ length: some }, () => socketAt(this.path));
      this.sockets.push(...fresh);
      await Promise.all(fresh.map((socket) => this.open(socket)));
    }
    if (this.isStopped) throw new Stopped();
    const asked_ms = performance.now();
    this.alone_ms = (await answered(this.sockets[0])) - asked_ms;
    this.began_ms = performance.now();
    await Promise.all(this.sockets.map((socket) => this.ask(socket)));
  }

  async open(socket) {
    await opened(socket);
    this.opened += 1;
  }

  async ask(socket) {
    const lane = { asked_ms: performance.now() - this.began_ms, answered_ms: null };
    this.lanes.push(lane);
    lane.answered_ms = (await answered(socket)) - this.began_ms;
  }
}

function opened(socket) {
  return new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onclose = () => reject(new Unopened());
  });
}

/** Asks; when the answer came, on the page's clock. */
function answered(socket) {
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      if (data === ANSWER) resolve(performance.now());
      else reject(new WrongAnswer(data));
    };
    socket.onclose = ({ code }) => reject(new Lost(code));
    socket.send(QUESTION);
  });
}

/** Closes; kept when the socket is closed. */
function closed(socket) {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) resolve();
    socket.onclose = resolve;
    socket.close();
  });
}
