/** What a race has shown, in words and numbers. */

import { Lost, Stopped, Unopened, WrongAnswer } from "./crowd.js";
import { cannotOpen, ending, frame } from "./sockets.js";

// Waits that overlap take as long as one, waits that add up take as long as all of them. Between
// the two limits, and among fewer than ten, nothing is said.
const FEWEST = 10;
const MOST_OVERLAPPING = 3;
const LEAST_ADDED_UP = 0.75;

// One alone that took this much longer than another among all was itself held up.
const MOST_ALONE = 2;

/** The sentence about one path, or the note; what `tell` takes. `way`: the option that was chosen. */
export function outcome(crowd, way) {
  const { path, failure } = crowd;
  const had = `${crowd.answered} of ${connections(crowd.count)} had an answer.`;
  if (failure === null) return whatAllTook(crowd);
  if (failure instanceof Stopped) return `Stopped at ${path}: ${had}`;
  if (failure instanceof Unopened) return cannotOpen(way);
  if (failure instanceof Lost) return `${ending(path, failure.code)} ${had} Start again when it is ready.`;
  if (failure instanceof WrongAnswer) {
    return `${path} answered “count 1” with ${frame(failure.answer)}. The race needs text="1", which lesson 6 adds.`;
  }
  throw failure;
}

/** The numbers about one path, in the order of the table's rows. */
export function numbers(crowd) {
  const times_ms = answers(crowd);
  const isOver = crowd.took_ms !== null && times_ms.length === crowd.count;
  return [
    `${crowd.opened} of ${crowd.count}`,
    `${times_ms.length} of ${crowd.count}`,
    crowd.alone_ms === null ? "–" : seconds(crowd.alone_ms),
    isOver ? seconds(Math.min(...times_ms)) : "–",
    isOver ? seconds(Math.max(...times_ms)) : "–",
    isOver ? ratio(crowd) : "–",
  ];
}

/** What a race is going to take, whatever the paths turn out to do. */
export function expectation(count, pause_s) {
  const asked = `Each question makes the site wait for ${pause_s} s.`;
  if (count === 1) return `${asked} Stop ends the race at any time.`;
  const overlap = `If the waits of ${count} connections overlap, a path takes about ${pause_s} s`;
  const added = `if they add up, about ${(count * pause_s).toFixed(1)} s`;
  return `${asked} ${overlap}; ${added}. Stop ends the race at any time.`;
}

function whatAllTook(crowd) {
  const times_ms = answers(crowd);
  const last_ms = Math.max(...times_ms);
  const all = `${connections(crowd.count)} at ${crowd.path}`;
  if (crowd.count === 1) return `${all}: answered after ${seconds(last_ms)}.`;
  const took = `${all}: all answered, the last after ${seconds(last_ms)}.`;
  const alone = `One alone took ${seconds(crowd.alone_ms)}`;
  if (crowd.alone_ms > MOST_ALONE * Math.min(...times_ms)) {
    return `${took} ${alone}, longer than one among all: something held it up. Start again.`;
  }
  return `${took} ${alone}, so that is ${ratio(crowd)} times as long.${verdict(last_ms / crowd.alone_ms, crowd.count)}`;
}

function verdict(waits, count) {
  if (count < FEWEST) return "";
  if (waits <= MOST_OVERLAPPING) return " The waits overlapped.";
  return waits >= LEAST_ADDED_UP * count ? " The waits added up." : "";
}

/** How long each lane is that has its answer, from its own question. */
function answers(crowd) {
  const lanes = crowd.lanes.filter((lane) => lane.answered_ms !== null);
  return lanes.map((lane) => lane.answered_ms - lane.asked_ms);
}

function ratio(crowd) {
  return (Math.max(...answers(crowd)) / crowd.alone_ms).toFixed(1);
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}

function connections(count) {
  return count === 1 ? "1 connection" : `${count} connections`;
}
