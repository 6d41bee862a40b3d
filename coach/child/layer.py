"""What the channel layer in memory is asked, call by call, and what it holds then."""

import functools
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from coach.child.witness import Told, Witness, text_of

MOST_CALLS = 200
CALLS = ("group_add", "group_discard", "group_send", "send")


class LayerNotes:
    """The last calls of `group_add`, `group_discard` and `group_send`, and by which line; and of
    `send`, where it is not given the channel of a consumer, which has a "!" in its name."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.calls: deque[Told] = deque(maxlen=MOST_CALLS)

    def watch(self) -> None:
        """Note each call from now on, where the site has channel layers at all."""
        layers = sys.modules.get("channels.layers")
        in_memory = getattr(layers, "InMemoryChannelLayer", None)
        for name in CALLS if in_memory else ():
            setattr(in_memory, name, self.noted(getattr(in_memory, name)))

    def noted(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        """The same method, which notes what it is asked when it is awaited."""

        @functools.wraps(ask)
        async def note(layer: Any, group: Any, *other: Any, **named: Any) -> Any:
            if ask.__name__ == "send" and "!" in text_of(group):
                return await ask(layer, group, *other, **named)
            given = next(iter([*other, *named.values()]), None)
            message = given if isinstance(given, dict) else {}
            self.calls.append(
                {
                    "call": ask.__name__,
                    "group": text_of(group),
                    "of_type": "str" if isinstance(group, str) else type(group).__name__,
                    "channel": given if isinstance(given, str) else "",
                    "type": text_of(message.get("type", "")),
                    "keys": [text_of(key) for key in message],
                    "members": len(layer.groups.get(text_of(group), ())),
                    "at": self.witness.sender(sys._getframe(1)),
                }
            )
            return await ask(layer, group, *other, **named)

        return note

    def told(self) -> Told:
        """The calls, and the members of each group that has any; None where it does not tell."""
        from channels.layers import get_channel_layer

        calls = [*self.calls]
        groups = getattr(get_channel_layer(), "groups", None)
        if not isinstance(groups, dict):
            return {"calls": calls, "groups": None}
        members = {text_of(name): [*map(text_of, inside)] for name, inside in groups.items()}
        return {"calls": calls, "groups": {name: all for name, all in members.items() if all}}
