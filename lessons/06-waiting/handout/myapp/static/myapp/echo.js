/** The console: one connection at a time, and the tape of what goes over it. */

import { cannotOpen, ending, frame, socketAt, tell } from "./sockets.js";

const way = document.getElementById("way");
const connect = document.getElementById("connect");
const disconnect = document.getElementById("disconnect");
const message = document.querySelector("#message fieldset");
const text = document.getElementById("text");
const binary = document.getElementById("binary");
const tape = document.getElementById("tape");

let connection = null;

/** A connection at the way that was chosen, from the attempt to open it to its end. */
class Connection {
  constructor(chosen) {
    this.chosen = chosen;
    this.path = chosen.value;
    this.isOpen = this.isLeaving = false;
    this.socket = socketAt(this.path);
    this.socket.onopen = () => this.opened();
    this.socket.onmessage = ({ data }) => record("←", "websocket.send", frame(data));
    this.socket.onclose = ({ code }) => this.ended(code);
    tell(`Connecting to ${this.path}.`);
  }

  opened() {
    this.isOpen = true;
    // Recorded only now: where no handshake succeeds, the application may have seen nothing.
    record("→", "websocket.connect");
    record("←", "websocket.accept");
    tell(`Connected to ${this.path}.`);
    message.disabled = false;
    text.focus();
  }

  send(content) {
    this.socket.send(content);
    record("→", "websocket.receive", frame(content));
  }

  leave() {
    this.isLeaving = message.disabled = true;
    this.socket.close(1000);
  }

  ended(code) {
    const isExpected = this.isLeaving && (code === 1000 || !this.isOpen);
    if (this.isOpen) {
      if (isExpected) record("→", "websocket.disconnect", `code=${code}`);
      else record("×", "the connection ended", `code=${code}`);
    }
    if (isExpected) tell("Not connected.");
    else tell(this.isOpen ? ending(this.path, code) : cannotOpen(this.chosen));
    connect.textContent = isExpected ? "Connect" : "Connect again";
    connection = null;
    rest();
  }
}

document.getElementById("connection").addEventListener("submit", (event) => {
  event.preventDefault();
  if (connection !== null) return;
  connection = new Connection(way.selectedOptions[0]);
  way.disabled = connect.disabled = true;
  disconnect.disabled = false;
});

document.getElementById("message").addEventListener("submit", (event) => {
  event.preventDefault();
  connection.send(binary.checked ? new TextEncoder().encode(text.value) : text.value);
  text.select();
});

disconnect.addEventListener("click", () => connection.leave());

/** Adds a line to the tape: an event under its name in the application, and what it carries. */
function record(arrow, name, carried = "") {
  const line = document.createElement("li");
  line.textContent = `${arrow} ${name} ${carried}`.trimEnd();
  tape.append(line);
  tape.scrollTop = tape.scrollHeight;
}

/** Back to where a connection can be made; the keyboard goes there from what is disabled. */
function rest() {
  const held = document.activeElement;
  const isLosing = message.contains(held) || held === disconnect || held === document.body;
  way.disabled = connect.disabled = false;
  disconnect.disabled = message.disabled = true;
  if (isLosing) connect.focus();
}
