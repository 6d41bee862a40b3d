/** A connection to one path, made anew when it ends. Nothing here draws. */

import { socketAt } from "./sockets.js";

// Why the chat closes a connection, as myapp/guards.py names it. Neither ends by trying again.
export const LOGGED_OUT = 4401;
export const TOO_MUCH = 4429;

// The wait doubles with each try. A part of it is chance, or all pages that one server has lost
// would come back to it at the same moment.
const FIRST_WAIT_MS = 1000;
export const LONGEST_WAIT_MS = 30_000;

// One that ended sooner was no success. A server that opens and closes would be asked without pause.
const STEADY_MS = 5000;

/**
 * Tells `page` what happens:
 *   opened()
 *   came(content)           a frame
 *   lost(wait_ms, refused)  it tries again after wait_ms; refused: how many tries in a row did not open
 *   ended(code)             it does not try again until `open` is called
 */
export class Connection {
  constructor(path, page) {
    Object.assign(this, { path, page, tries: 0, refused: 0 });
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Opens now, in the place of a connection or a try that there may be. */
  open() {
    this.leave();
    this.opened_ms = null;
    this.socket = socketAt(this.path);
    this.socket.onopen = () => {
      this.opened_ms = performance.now();
      this.refused = 0;
      this.page.opened();
    };
    this.socket.onmessage = ({ data }) => this.page.came(data);
    this.socket.onclose = ({ code }) => this.closed(code);
  }

  send(text) {
    this.socket.send(JSON.stringify({ text }));
  }

  /** For a connection that answers no more: it may be dead, and the browser be told of it in minutes. */
  giveUp() {
    this.leave();
    this.closed();
  }

  leave() {
    clearTimeout(this.timer);
    if (this.socket === undefined) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
  }

  closed(code) {
    if (code === LOGGED_OUT || code === TOO_MUCH) {
      this.page.ended(code);
      return;
    }
    if (this.opened_ms === null) this.refused += 1;
    else if (performance.now() - this.opened_ms > STEADY_MS) this.tries = 0;
    const longest_ms = Math.min(FIRST_WAIT_MS * 2 ** this.tries, LONGEST_WAIT_MS);
    const wait_ms = longest_ms * (0.5 + Math.random() / 2);
    this.tries += 1;
    this.timer = setTimeout(() => this.open(), wait_ms);
    this.page.lost(wait_ms, this.refused);
  }
}
