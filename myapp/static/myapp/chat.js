/** A room: the list, the field, and a connection that comes back. */

import { Connection, LOGGED_OUT, LONGEST_WAIT_MS } from "./chat-connection.js";
import { Draft } from "./chat-draft.js";
import { Lines } from "./chat-lines.js";
import { cannotOpen, frame, tell } from "./sockets.js";

const form = document.getElementById("say");
const field = document.getElementById("text");
const list = document.getElementById("lines");
const connect = document.getElementById("connect");
const error = document.getElementById("error");
const logIn = document.getElementById("log-in");
const { path, user } = form.dataset;
const historyLines = Number(form.dataset.historyLines);

// A line that has not come back by then is not coming: the connection is dead, or the layer behind
// it has dropped the line. The history of a new connection tells.
const ANSWER_MS = 10_000;

// What was said before is not read out, and nothing marks where it ends.
const READING_MS = 1000;

// So many tries in a row that do not open are no accident. From then on the live region says the
// same, and so nothing, at each of them.
const MANY = 3;
const ON_AND_ON =
  "Not connected. The page goes on trying, and waits for up to " +
  `${LONGEST_WAIT_MS / 1000} s between two tries.`;

const BACK = "Connected. Your line had been said before the connection was lost.";
const UNHEARD = "Your line has not come back. It leaves the field if the history shows that it was said.";
const ENDED = "Your log-in has ended: nothing more is said in your name, and the last line was not said.";
const TOO_MANY =
  "The server closed this connection: too many lines at once, or too many windows of one user. " +
  "Close some windows, or wait a moment; then connect.";

const lines = new Lines(list);
const draft = new Draft(field, user, path);
let isTold = true; // whether the list holds what this connection has told
let said = ""; // what the live region says
let answerTimer, readingTimer;

const connection = new Connection(path, { opened, came, lost, ended });

function opened() {
  announce("Connected.");
  alarm();
  // With a history, the list is drawn anew from it. Its first line empties the list, as a connection
  // that is closed at once brings none. Without one, what was heard before stays.
  isTold = historyLines === 0;
  list.ariaLive = "off";
  readingTimer = setTimeout(() => { list.ariaLive = "polite"; }, READING_MS);
  const isHeld = document.activeElement === connect;
  connect.hidden = true;
  if (isHeld) field.focus();
}

function came(content) {
  const message = parsed(content);
  if (typeof message?.text === "string") heard({ user: message.user ?? "", text: message.text });
  else if (typeof message?.error === "string") refused(message.error);
  else alarm(`The server sent ${frame(content)}. A line looks like {"text": "tea"}.`);
}

function heard(line) {
  if (!isTold) lines.empty();
  isTold = true;
  lines.add(line);
  const wasLost = draft.sent?.isLost;
  if (!draft.heard(line)) return;
  clearTimeout(answerTimer);
  alarm();
  announce(wasLost ? BACK : "Connected.");
}

function refused(why) {
  clearTimeout(answerTimer);
  draft.refuse();
  alarm(why);
}

function lost(wait_ms, refusals) {
  disconnected();
  draft.lose(historyLines);
  const mine = draft.sent === null ? [] : [UNHEARD];
  if (refusals < MANY) announce(`Not connected. The next try is in ${Math.ceil(wait_ms / 1000)} s.`, ...mine);
  else announce(ON_AND_ON, ...mine, cannotOpen({ value: path, dataset: { lesson: 8 } }), ...doors());
}

function ended(code) {
  disconnected();
  if (code === LOGGED_OUT) {
    draft.refuse();
    announce(ENDED, ...doors());
  } else {
    draft.lose(historyLines);
    announce(TOO_MANY);
  }
}

function disconnected() {
  clearTimeout(answerTimer);
  clearTimeout(readingTimer);
  connect.hidden = false;
}

/** The way to log in again, where there is one. */
function doors() {
  return logIn === null ? [] : [logIn.content.firstElementChild.cloneNode(true)];
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!connection.isOpen) {
    alarm("Not connected: the line stays in the field. Say it when the connection is back.");
  } else if (draft.isWaiting) {
    alarm("The line before has not come back yet. This one stays in the field.");
  } else {
    alarm();
    connection.send(draft.send(lines, historyLines));
    answerTimer = setTimeout(() => connection.giveUp(), ANSWER_MS);
  }
});

connect.addEventListener("click", () => {
  announce("Connecting.");
  connection.open();
});

/** What a frame holds; undefined where it is not JSON. */
function parsed(content) {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/** Says what is new, politely, and nothing where it is what was said last. */
function announce(...items) {
  const saying = items.map((item) => item.textContent ?? item).join(" ");
  if (saying === said) return;
  said = saying;
  tell(...items);
}

/** Says at once why something was not done; without a reason, takes back what was said. */
function alarm(why = "") {
  const paragraph = document.createElement("p");
  paragraph.textContent = why;
  error.replaceChildren(...(why ? [paragraph] : []));
}

announce("Connecting.");
connection.open();
