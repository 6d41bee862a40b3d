"""A picture, the same in words, and the data that both were made from."""

import difflib
import io
from base64 import b64encode
from html import escape
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

FIGURE = """{drawing}
<details><summary>The same in words</summary><pre>{text}</pre></details>"""
IMAGE = '<img alt="{label}" src="data:image/svg+xml;base64,{data}" style="max-width: 100%">'


class Picture:
    """What a cell shows: HTML where that can be shown, elsewhere the text.

    text: everything that the drawing says; data: what it was drawn from, to assert on
    """

    def __init__(self, drawing: str, text: str, data: Any) -> None:
        self.drawing, self.text, self.data = drawing, text, data

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return FIGURE.format(drawing=self.drawing, text=escape(self.text))


def drawn(figure: Figure, label: str, text: str, data: Any) -> Picture:
    """A picture of a figure of matplotlib, as SVG whose letters stay letters."""
    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "course"}):
        figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
    return Picture(image(file.getvalue(), label), text, data)


def image(svg: str, label: str) -> str:
    """An SVG as an image of its own, whose styles and ids touch nothing else on the page."""
    return IMAGE.format(label=escape(label), data=b64encode(svg.encode()).decode())


def twins(one: str, other: str, names: tuple[str, str]) -> Picture:
    """Two files side by side; `data` holds the pairs of lines that differ, "" for none."""
    first, second = one.splitlines(), other.splitlines()
    table = difflib.HtmlDiff(wrapcolumn=56).make_table(first, second, *names, context=True)
    text = "\n".join(difflib.unified_diff(first, second, *names, n=1, lineterm=""))
    pairs: list[tuple[str, str]] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, first, second).get_opcodes():
        if kind != "equal":
            left, right = first[i:j], second[k:m]
            size = max(len(left), len(right))
            left, right = [[*side, *[""] * (size - len(side))] for side in (left, right)]
            pairs += list(zip(left, right, strict=True))
    return Picture(f"{STYLE}<div style='overflow-x: auto'>{table}</div>", text, pairs)


# The classes are those that difflib.HtmlDiff gives.
STYLE = """<style>
table.diff { font: 12px ui-monospace, monospace; border-collapse: collapse }
table.diff td { text-align: left; padding: 0 .5em; vertical-align: top }
table.diff .diff_header { color: #59636e; background: none }
table.diff .diff_next { display: none }
table.diff .diff_add { background: #b7e4c7; color: #10241a }
table.diff .diff_sub { background: #f6c6c6; color: #331010 }
table.diff .diff_chg { background: #f4e1a1; color: #2e2400 }
</style>"""
