"""The figure: who waits for whom, drawn from the recorded waits of one run.

One panel for each way, one lane for each connection, time from left to right in units of one wait.
Colour tells the thread; a wait that holds its thread is filled, one that does not is outlined.
"""

from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

Told = dict[str, Any]
Panel = dict[str, Any]

WIDTH, LEFT, RIGHT = 800, 222, 24
TOP, LANE, QUEUE, GAP, PANEL_GAP = 112, 9, 3, 3, 30
KINDS = {
    "loop": "the event loop's thread", "shared": "the one thread that all share",
    "own": "a thread of its own",
}  # fmt: skip
SAYS = {
    "sync": ("sync consumer", "time.sleep"),
    "sync-thread-each": ("sync, a thread each", "time.sleep"),
    "async": ("async consumer", "await asyncio.sleep"),
    "async-blocking": ("async, blocking", "time.sleep"),
}
STYLE = """
  text { font: 15px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 20px; font-weight: 600 } .name { font-weight: 600 }
  .code { font: 13px ui-monospace, monospace } .small { font-size: 13px; fill: #59636e }
  .grid { stroke: #d1d9e0 } .queue { fill: #d1d9e0 }
  .loop { fill: #c4410c; stroke: #c4410c } .shared { fill: #0759b3; stroke: #0759b3 }
  .own { fill: #0b7a55; stroke: #0b7a55 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9ea7b3 }
    .grid { stroke: #3d444d } .queue { fill: #3d444d }
    .loop { fill: #ff9a5c; stroke: #ff9a5c } .shared { fill: #6cb6ff; stroke: #6cb6ff }
    .own { fill: #3fd69b; stroke: #3fd69b }
  }
  .holds { stroke: none } .free { fill: none; stroke-width: 1.5 }
"""


def kind(panel: Panel) -> str:
    """Which thread ran the waits of a panel: `loop`, `shared` or `own`."""
    threads = {lane["thread"] for lane in panel["lanes"]}
    if threads == {0}:
        return "loop"
    return "shared" if len(threads) == 1 else "own"


def waits(panel: Panel) -> float:
    """How many waits it took until all had waited."""
    return max(float(lane["ended_s"]) for lane in panel["lanes"]) / float(panel["wait_s"])


def described(told: Told) -> list[str]:
    """The figure in words, a sentence for each panel."""
    return [sentence(panel) for panel in drawable(told)]


def sentence(panel: Panel) -> str:
    name, call = SAYS[panel["way"]]
    holds = panel["lanes"][0]["holds_thread"]
    thread = KINDS[kind(panel)]
    where = f"each holds {thread}" if holds else f"they hold no thread: {thread} goes on"
    return (
        f"{name[0].upper()}{name[1:]}, {call}: {order(panel)}; {where}. "
        f"{len(panel['lanes'])} connections take {waits(panel):.1f} waits."
    )


def order(panel: Panel) -> str:
    """Who waits for whom, by whether the recorded waits overlap."""
    lanes = panel["lanes"]
    pairs = pairwise(lanes)
    if all(later["began_s"] >= earlier["ended_s"] for earlier, later in pairs):
        return "each waits until the one before has ended"
    if max(lane["began_s"] for lane in lanes) < min(lane["ended_s"] for lane in lanes):
        return "all wait at the same time"
    return "some wait at the same time"


def drawable(told: Told) -> list[Panel]:
    """The panels of which every wait was recorded."""
    return [panel for panel in told["figure"]["panels"] if panel["lanes"]]


def svg(told: Told) -> str:
    """The whole drawing as text; the same for the same JSON."""
    panels = drawable(told)
    most = max(waits(panel) for panel in panels)
    most = max(most, round(most), 1)
    scale = (WIDTH - LEFT - RIGHT) / most
    lanes = max(len(panel["lanes"]) for panel in panels)
    height = lanes * (LANE + GAP)
    bottom = TOP + len(panels) * (height + PANEL_GAP) - PANEL_GAP
    lines = [*head(told, bottom + 56), *legend(), *grid(most, scale, bottom)]
    for number, panel in enumerate(panels):
        lines += drawn(panel, scale, TOP + number * (height + PANEL_GAP))
    return "\n".join([*lines, "</svg>", ""])


def head(told: Told, height: int) -> list[str]:
    versions = told["versions"]
    server = {"daphne": "Daphne", "uvicorn": "uvicorn"}[told["server"]]
    served = f"{server} {versions[told['server']]}, Channels {versions['channels']}"
    count = max(len(panel["lanes"]) for panel in drawable(told))
    named = "Ten" if count == 10 else str(count)
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' aria-labelledby="title desc">',
        '<title id="title">Who waits for whom</title>',
        f'<desc id="desc">{escape(" ".join(described(told)))}</desc>',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="16" y="32">{named} connections ask at the same moment. '
        "Who waits for whom?</text>",
        f'<text class="small" x="{WIDTH - RIGHT}" y="{height - 14}" text-anchor="end">'
        f"{escape(served)}</text>",
    ]


def legend() -> list[str]:
    entries = (
        (16, 52, "holds shared", "waits in the one shared thread"),
        (308, 52, "holds own", "in a thread of its own"),
        (530, 52, "holds loop", "in the event loop's thread"),
        (16, 76, "free loop", "waits, and holds no thread"),
        (308, 76, "queue", "stands in the queue"),
    )
    lines = []
    for x, y, css, said in entries:
        height = QUEUE if css == "queue" else LANE
        lines.append(bar(x, y + (LANE - height) / 2, 26, css, height) + label(x + 34, y + 9, said))
    return lines


def grid(most: float, scale: float, bottom: int) -> list[str]:
    lines = []
    for number in range(int(most) + 1):
        x = LEFT + number * scale
        lines.append(f'<path class="grid" d="M{x:.1f} {TOP - 6}V{bottom + 4}"/>')
        lines.append(label(x, bottom + 20, f"{number}", "small", ' text-anchor="middle"'))
    lines.append(label(16, bottom + 20, "time, in waits", "small"))
    return lines


def drawn(panel: Panel, scale: float, top: int) -> list[str]:
    """One panel: its name and what came out at the left, a lane for each connection."""
    name, call = SAYS[panel["way"]]
    said = f"{waits(panel):.1f} waits"
    lines = [
        label(16, top + 14, name, "name"), label(16, top + 34, call, "code"),
        label(16, top + 60, said, "title"),
    ]  # fmt: skip
    for number, lane in enumerate(panel["lanes"]):
        y = top + number * (LANE + GAP)
        began, ended = (float(lane[key]) / panel["wait_s"] for key in ("began_s", "ended_s"))
        lines.append(bar(LEFT, y + (LANE - QUEUE) / 2, began * scale, "queue", QUEUE))
        shape = "holds" if lane["holds_thread"] else "free"
        x = LEFT + began * scale
        lines.append(bar(x, y, (ended - began) * scale, f"{shape} {kind(panel)}"))
    return lines


def bar(x: float, y: float, width: float, css: str, height: int = LANE) -> str:
    inset = 0.75 if css.startswith("free") else 0  # so that an outline takes no more room
    size = f'width="{max(width - 2 * inset, 0):.1f}" height="{height - 2 * inset:g}"'
    return f'<rect class="{css}" x="{x + inset:.1f}" y="{y + inset:g}" {size}/>'


def label(x: float, y: float, text: str, css: str = "", more: str = "") -> str:
    named = f' class="{css}"' if css else ""
    return f'<text{named} x="{x:.1f}" y="{y}"{more}>{escape(text)}</text>'
