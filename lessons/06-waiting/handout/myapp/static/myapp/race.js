/** The race: what the form starts, the panels draw and the table sums up. */

import { Crowd } from "./crowd.js";
import { axisFor, Panel } from "./lanes.js";
import { tell } from "./sockets.js";
import { expectation, numbers, outcome } from "./totals.js";

const form = document.getElementById("race");
const choices = [document.getElementById("first"), document.getElementById("second")];
const count = document.getElementById("connections");
const start = document.getElementById("start");
const stop = document.getElementById("stop");
const panels = Array.from(document.querySelectorAll(".panel"), (figure) => new Panel(figure));
const heads = document.querySelectorAll("thead th");
const rows = Array.from(document.querySelectorAll("tbody tr"), (row) => row.querySelectorAll("td"));

let crowds = [];

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const ways = choices.map((choice) => choice.selectedOptions[0]);
  crowds = ways.map((way) => new Crowd(way.value, count.valueAsNumber));
  lay(ways);
  setRunning(true);
  requestAnimationFrame(follow);
  for (const crowd of crowds) await run(crowd);
  draw();
  const begun = crowds.filter((crowd) => crowd.took_ms !== null);
  tell(...begun.map((crowd) => outcome(crowd, ways[crowds.indexOf(crowd)])));
  setRunning(false);
});

stop.addEventListener("click", () => crowds.forEach((crowd) => crowd.stop()));
count.addEventListener("input", expect);

async function run(crowd) {
  if (crowd.isStopped) return;
  tell(`The race at ${crowd.path} has begun.`);
  await crowd.race();
}

function lay(ways) {
  ways.forEach((way, column) => {
    panels[column].show(crowds[column], way.text);
    heads[column].textContent = way.value;
  });
  document.getElementById("results").hidden = false;
}

/** Draws at every frame that the browser shows, until the race is over. */
function follow() {
  if (stop.disabled) return;
  draw();
  requestAnimationFrame(follow);
}

function draw() {
  const axis_ms = axisFor(crowds);
  crowds.forEach((crowd, column) => {
    panels[column].draw(axis_ms);
    numbers(crowd).forEach((number, row) => {
      rows[row][column].textContent = number;
    });
  });
}

/** One of the two buttons works at a time, and the keyboard goes with it. */
function setRunning(isRunning) {
  const [from, to] = isRunning ? [start, stop] : [stop, start];
  const held = document.activeElement;
  to.disabled = false;
  if (held === from) to.focus();
  from.disabled = true;
}

function expect() {
  const text = expectation(count.valueAsNumber, Number(count.dataset.pauseS));
  document.getElementById("expect").textContent = count.validity.valid ? text : "";
}

expect();
