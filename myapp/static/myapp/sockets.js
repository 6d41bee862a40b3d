/** What both pages know about sockets, and how they say it. */

// The code of a connection that ended without a closing frame.
const LOST = 1006;

/** A socket at a path of this site, encrypted where the page is. Its binary frames are buffers. */
export function socketAt(path) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}${path}`);
  socket.binaryType = "arraybuffer";
  return socket;
}

/** What a browser knows about a connection that it did not end itself. */
export function ending(path, code) {
  if (code === LOST) {
    return `The connection to ${path} was lost, code ${code}: it ended without a closing frame. Is the server running?`;
  }
  return `The server closed the connection to ${path}, code ${code}. A browser learns no more; the server may have printed why.`;
}

/** A text or binary frame as Python writes it: `text="tea"`, `bytes=b'tea'`. */
export function frame(content) {
  if (typeof content === "string") return `text=${JSON.stringify(content)}`;
  return `bytes=b'${Array.from(new Uint8Array(content), asPython).join("")}'`;
}

function asPython(byte) {
  const sign = String.fromCharCode(byte);
  if (sign === "'" || sign === "\\") return `\\${sign}`;
  const isPlain = byte >= 0x20 && byte < 0x7f;
  return isPlain ? sign : `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** What to do about a socket that could not be opened. `way`: the option that was chosen. */
export function cannotOpen(way) {
  const note = document.getElementById("cannot-open").content.firstElementChild.cloneNode(true);
  for (const place of note.querySelectorAll("[data-path]")) place.textContent = way.value;
  for (const place of note.querySelectorAll("[data-lesson]")) place.textContent = way.dataset.lesson;
  return note;
}

/** Puts sentences and notes into the live region. Text stays text, whoever wrote it. */
export function tell(...items) {
  const paragraphs = items.map((item) => {
    if (typeof item !== "string") return item;
    const paragraph = document.createElement("p");
    paragraph.textContent = item;
    return paragraph;
  });
  document.getElementById("status").replaceChildren(...paragraphs);
}
