/** Draws the lanes of one crowd: connections down, time across. */

const SVG = "http://www.w3.org/2000/svg";

// An axis ends at one of these, so that it jumps now and then and does not creep.
const AXES_MS = [500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000];

const LANE_PX = 14;
const TALLEST_PX = 420;

/** The shortest axis on which all crowds fit. */
export function axisFor(crowds) {
  const longest_ms = Math.max(...crowds.map((crowd) => Math.max(crowd.elapsed_ms, crowd.alone_ms ?? 0)));
  return AXES_MS.find((axis_ms) => axis_ms >= longest_ms) ?? longest_ms;
}

export class Panel {
  constructor(figure) {
    this.caption = figure.querySelector("figcaption");
    this.picture = figure.querySelector("svg");
    this.ticks = figure.querySelectorAll(".axis span");
    this.moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** Empties the panel for a crowd. `title`: what it is a picture of. */
  show(crowd, title) {
    this.crowd = crowd;
    this.caption.textContent = title;
    this.picture.style.height = `${Math.min(crowd.count * LANE_PX, TALLEST_PX)}px`;
    this.bars = Array.from({ length: crowd.count }, (_, row) => shape("rect", { y: row + 0.1, height: 0.8 }));
    this.alone = shape("line", { y1: 0, y2: crowd.count, visibility: "hidden" });
    this.picture.replaceChildren(...this.bars, this.alone);
  }

  draw(axis_ms) {
    this.picture.setAttribute("viewBox", `0 0 ${axis_ms} ${this.crowd.count}`);
    this.ticks[1].textContent = `${axis_ms / 2000} s`;
    this.ticks[2].textContent = `${axis_ms / 1000} s`;
    const { alone_ms } = this.crowd;
    if (alone_ms !== null) set(this.alone, { x1: alone_ms, x2: alone_ms, visibility: "visible" });
    this.crowd.lanes.forEach((lane, row) => this.drawLane(lane, this.bars[row]));
  }

  drawLane(lane, bar) {
    const isAnswered = lane.answered_ms !== null;
    const isOver = this.crowd.took_ms !== null;
    if (!isAnswered && !isOver && !this.moves) return;
    const until_ms = isAnswered ? lane.answered_ms : this.crowd.elapsed_ms;
    set(bar, { x: lane.asked_ms, width: Math.max(until_ms - lane.asked_ms, 0) });
    bar.classList.toggle("answered", isAnswered);
  }
}

function shape(name, attributes) {
  return set(document.createElementNS(SVG, name), attributes);
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
