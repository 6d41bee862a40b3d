"""Pictures for the notebooks, each from what has happened in the cells before it."""

from collections.abc import Mapping, Set
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Circle

from coach.asgi import event_named
from coach.notebook.picture import Picture, drawn, image, twins
from coach.notebook.tape import Tape
from coach.notebook.way import way
from compare.figure import described, svg

__all__ = ["bars", "lanes", "sets", "timelines", "twins", "way"]

INK, FADED, BLUE, ORANGE, GREEN = "#1f2328", "#8b949e", "#0759b3", "#c4410c", "#0b7a55"
COLOURS = (BLUE, ORANGE, GREEN, "#7c4dbd")
MAX_LABEL_CHARS, MAX_MEMBER_CHARS = 46, 16


def lanes(tape: Tape) -> Picture:
    """A tape as a sequence: clients in a lane at the left, the application at the right, and time
    from top to bottom. `data` holds (who, direction, event type) of each arrow."""
    figure = Figure(figsize=(7.2, 0.8 + 0.36 * len(tape)))
    axes = figure.subplots()
    for x, name in ((0, "client"), (1, "application")):
        axes.plot([x, x], [-0.4, len(tape)], color=FADED, linewidth=1)
        axes.text(x, -0.7, name, ha="center", weight="bold", color=INK)
    people = list(dict.fromkeys(entry.who for entry in tape))
    for row, entry in enumerate(tape):
        colour = COLOURS[people.index(entry.who) % len(COLOURS)]
        begin, end = (0, 1) if entry.direction == "→" else (1, 0)
        arrow = {"arrowstyle": "->", "color": colour, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (end, row + 0.5), (begin, row + 0.5), arrowprops=arrow)
        name = shortened(event_named(entry.event), MAX_LABEL_CHARS)
        axes.text(0.5, row + 0.42, name, ha="center", va="bottom", size=9, color=INK)
        if len(people) > 1:
            axes.text(-0.04, row + 0.5, entry.who, ha="right", va="center", size=9, color=colour)
    axes.set(xlim=(-0.25, 1.25), ylim=(len(tape) + 0.2, -1.1))
    axes.axis("off")
    data = [(entry.who, entry.direction, entry.event.get("type")) for entry in tape]
    return drawn(figure, "Events between client and application", str(tape), data)


def timelines(told: dict[str, Any]) -> Picture:
    """Who waits for whom: what `measure` has recorded, a lane for each connection, coloured by
    thread. `data` holds the panels, one for each way, with the lanes in it."""
    drawing = image(svg(told), "Who waits for whom")
    return Picture(drawing, "\n".join(described(told)), told["figure"]["panels"])


def sets(groups: Mapping[str, Set[str]]) -> Picture:
    """Groups as sets: a circle for each, with the names of what is in it."""
    figure = Figure(figsize=(2.6 * max(len(groups), 1), 2.7))
    axes = figure.subplots()
    for number, (name, members) in enumerate(groups.items()):
        x, colour = 2.4 * number, COLOURS[number % len(COLOURS)]
        axes.add_patch(Circle((x, 0), 1, fill=False, color=colour, linewidth=1.5))
        axes.text(x, 1.15, name, ha="center", weight="bold", color=colour)
        for row, member in enumerate(sorted(members)):
            y = 0.25 * (len(members) - 1) - 0.5 * row
            label = shortened(member, MAX_MEMBER_CHARS)
            axes.text(x, y, label, ha="center", va="center", size=9, color=INK)
    axes.set(xlim=(-1.2, 2.4 * max(len(groups) - 1, 0) + 1.2), ylim=(-1.2, 1.5), aspect="equal")
    axes.axis("off")
    text = "\n".join(f"{name}: {{{', '.join(sorted(one))}}}" for name, one in groups.items())
    data = {name: sorted(members) for name, members in groups.items()}
    return drawn(figure, "Groups and who is in them", text or "no groups", data)


def shortened(text: str, most: int) -> str:
    """A text that fits into a drawing; what is said in words beside it stays whole."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def bars(values: Mapping[str, float], unit: str) -> Picture:
    """A bar for each value, as a multiple of the first one; `unit` says what one bar counts."""
    first = next(iter(values.values()))
    ratios = {name: value / first for name, value in values.items()}
    figure = Figure(figsize=(6, 0.5 + 0.42 * len(values)))
    axes = figure.subplots()
    shown = axes.barh(list(ratios), list(ratios.values()), color=BLUE, height=0.6)
    axes.bar_label(shown, [f"{ratio:.1f} ×" for ratio in ratios.values()], padding=4, color=INK)
    axes.invert_yaxis()
    axes.set_xlabel(f"{unit}, as a multiple of the first")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)
    text = "\n".join(f"{name}: {ratio:.1f} × {unit}" for name, ratio in ratios.items())
    return drawn(figure, unit, text, ratios)
