"""Whether an event loop stands still, and on which line of the learner's."""

import asyncio
import threading
import time

from coach.child.witness import Told, Witness

TICK_S = 0.005


class Pulse:
    """Beats on an event loop; a thread beside it looks where the loop is when a beat is late.

    A loop that is late while no line of the learner's runs on it is the machine's doing.
    """

    def __init__(self, witness: Witness, loop: asyncio.AbstractEventLoop) -> None:
        self.witness = witness
        self.loop = loop
        self.thread = threading.get_ident()  # the loop's, as this is made on it
        self.held_s = 0.0
        self.place: Told | None = None
        self.is_over = False
        self._beat()
        threading.Thread(target=self._watch, daemon=True).start()

    def _beat(self) -> None:
        self.last = time.perf_counter()
        if not self.is_over:
            self.loop.call_later(TICK_S, self._beat)

    def _watch(self) -> None:
        beat, place = 0.0, None
        while not self.is_over:
            time.sleep(TICK_S)
            last = self.last
            held_s = time.perf_counter() - last
            if held_s > 4 * TICK_S and last != beat:
                # Where it stands when it is first seen: once that line has ended, others follow
                # before the next beat.
                beat, place = last, self.witness.running_on(self.thread)
            if place and last == beat and held_s > self.held_s:
                self.held_s, self.place = held_s, place

    def end(self) -> Told:
        """The longest time for which a line of the learner's held the loop, in seconds, and
        that line's place."""
        self.is_over = True
        return {"held_s": self.held_s, "place": self.place}
