/** What stands in the field, until the room has heard it. */

import { isSame } from "./chat-lines.js";

/**
 * sent: the line that was sent and has not come back yet; null where there is none
 *
 * How it is known that a line was said, though the connection broke before it came back: the
 * history of the next one holds it once more often than the same lines of the history before,
 * counted when it was sent. What was counted may have moved out of the history since; then the
 * line stays in the field although it was said. The other way round, a line leaves the field
 * unsaid only where the same user says the same elsewhere, or where it was sent again before
 * the history had come.
 */
export class Draft {
  constructor(field, user, path) {
    Object.assign(this, { field, user, sent: null });
    // Of this tab and this user: who logs in again, or loads the page again, finds it here.
    this.key = `${user} ${path}`;
    this.field.value = sessionStorage.getItem(this.key) ?? "";
    this.field.addEventListener("input", () => this.keep());
  }

  keep() {
    sessionStorage.setItem(this.key, this.field.value);
  }

  /** Takes what stands in the field as sent, and leaves it there. */
  send(lines, historyLines) {
    const line = { user: this.user, text: this.field.value };
    const before = historyLines > 0 ? lines.countOf(line, historyLines) : 0;
    // earlier: how many of the same are going to be told again before this one may be.
    this.sent = { line, before, earlier: 0, isLost: false };
    return line.text;
  }

  /** Whether the room is about to tell what has become of a line. */
  get isWaiting() {
    return this.sent !== null && !this.sent.isLost;
  }

  /** The connection has ended. Without a history nobody can know, and the text is there to be sent. */
  lose(historyLines) {
    if (this.sent === null) return;
    Object.assign(this.sent, { isLost: true, earlier: this.sent.before });
    if (historyLines === 0) this.sent = null;
  }

  /** The line was not said; it stays in the field. */
  refuse() {
    this.sent = null;
  }

  /** A line came. True where it is the one that was sent, which then leaves the field. */
  heard(line) {
    if (this.sent === null || !isSame(line, this.sent.line)) return false;
    if (this.sent.earlier > 0) {
      this.sent.earlier -= 1;
      return false;
    }
    // What was typed behind it meanwhile is the beginning of the next one.
    const { text } = this.sent.line;
    if (this.field.value.startsWith(text)) this.field.value = this.field.value.slice(text.length);
    this.keep();
    this.sent = null;
    return true;
  }
}
