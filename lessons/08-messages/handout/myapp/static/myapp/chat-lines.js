/** The list of lines, as the room has heard them. */

// A page that is open for days shows no more than this.
const MOST_SHOWN = 1000;

export class Lines {
  constructor(list) {
    this.list = list;
    this.shown = [];
  }

  /** Adds a line, {user, text}. Text stays text, whoever wrote it. */
  add(line) {
    // Whoever reads further up stays there.
    const isAtEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 2;
    this.shown.push(line);
    this.list.append(item(line));
    if (this.shown.length > MOST_SHOWN) {
      this.shown.shift();
      this.list.firstElementChild.remove();
    }
    if (isAtEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  empty() {
    this.shown = [];
    this.list.replaceChildren();
  }

  /** How many of the last lines, of which there are `count`, are the same as this one. */
  countOf(line, count) {
    return this.shown.slice(-count).filter((one) => isSame(one, line)).length;
  }
}

/** Whether two lines are of one user, and read the same; what stands around a text is no part of it. */
export function isSame(one, other) {
  return one.user === other.user && one.text.trim() === other.text.trim();
}

function item({ user, text }) {
  const line = document.createElement("li");
  if (user !== "") {
    const name = document.createElement("b");
    name.textContent = user;
    line.append(name, " ");
  }
  const words = document.createElement("span");
  words.dir = "auto";
  words.textContent = text;
  line.append(words);
  return line;
}
