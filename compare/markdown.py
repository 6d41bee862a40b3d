"""The result as Markdown, for `solutions/README.md`: one table for each question."""

from typing import Any

from compare import figure
from compare.tables import MOST_BUSY, header

Told = dict[str, Any]
Row = dict[str, Any]
PROBES = ("raw", "http", "async", "sync")
PROBE_NAMES = {"raw": "raw ASGI", "http": "page", "async": "async", "sync": "sync"}


def tables(told: Told) -> dict[str, str]:
    """A table for each question that was asked."""
    return {question: TABLES[question](rows) for question, rows in told["questions"].items()}


def table(columns: list[str], rows: list[list[str]]) -> str:
    """The first column is text, the others are numbers or words that stand to the right."""
    rule = ["---", *("---:" for _ in columns[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows)) + "\n"


def by_size(rows: list[Row], number: str, shown: str) -> str:
    """Ways down, numbers of connections across; what was left out is a dash."""
    sizes = sorted({row["connections"] for row in rows})
    cells: dict[str, dict[int, str]] = {}
    for row in rows:
        text = shown.format(row[number])
        if row.get("client_busy", 0) > MOST_BUSY:
            text += " *"
        cells.setdefault(row["way"], {})[row["connections"]] = text
    columns = ["way", *(f"{size:,}" for size in sizes)]
    lines = [[f"`{way}`", *(of.get(size, "–") for size in sizes)] for way, of in cells.items()]
    note = "\n\\* The client was busy for more than 80 % of the time: more would go.\n"
    return table(columns, lines) + (
        note if any("*" in cell for line in lines for cell in line) else ""
    )


def together(rows: list[Row]) -> str:
    return by_size(rows, "ratio", "{:.1f}")


def holdup(rows: list[Row]) -> str:
    """Who waits down, who asks across: the share of the wait after which the answer came."""
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        share = f"{row['seconds'] / row['wait_s']:.2f}"
        text = f"**{share}**" if row["held_up"] else share
        cells.setdefault(row["waiting"], {})[row["probe"]] = "?" if row["held_up"] is None else text
    probes = [probe for probe in PROBES if any(probe in of for of in cells.values())]
    lines = [[f"`{way}`", *(of.get(probe, "–") for probe in probes)] for way, of in cells.items()]
    return table(["the one that waits", *(PROBE_NAMES[probe] for probe in probes)], lines)


def rates(rows: list[Row]) -> str:
    return by_size(rows, "per_second", "{:,}")


def memory(rows: list[Row]) -> str:
    lines = []
    for row in rows:
        kib, threads = row["kib_per_connection"], row["threads_per_connection"]
        lines.append([f"`{row['way']}`", f"{kib:.0f}", f"{threads:.0f}"])
    return table(["way", "KiB for each connection", "threads for each connection"], lines)


def cpu(rows: list[Row]) -> str:
    return by_size(rows, "cores", "{:.1f}")


TABLES = {
    "together": together, "holdup": holdup, "echo": rates, "memory": memory, "database": rates,
    "cpu": cpu,
}  # fmt: skip


def machine(told: Told) -> str:
    """The machine and the versions, as the header of the tables."""
    return "\n".join(f"* {line}" for line in header(told)) + "\n"


def figure_text(told: Told) -> str:
    """The figure in words, for those who do not see it."""
    return "\n".join(f"* {sentence}" for sentence in figure.described(told)) + "\n"
