"""The result as tables: what each shows, in words and rows. `terminal.py` prints them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Told = dict[str, Any]
Row = dict[str, Any]

HELD_UP = {True: "held up", False: "no", None: "too noisy to tell"}
MOST_BUSY = 0.8
# Up to here it is the work of one core, with what the rest of the server does beside it.
ONE_CORE = 1.3
NAMES = {
    "python": "Python", "django": "Django", "channels": "Channels", "daphne": "Daphne",
}  # fmt: skip


@dataclass
class Table:
    """One question: its columns, and its rows as text. A row that is empty is a line between."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def spread(row: Row) -> list[str]:
    return [f"{100 * row['spread']:.0f} %", str(row["runs"])]


def together(rows: list[Row]) -> Table:
    table = Table(
        "Connections wait at the same moment: how many waits does that take?",
        ["way", "at once", "waits", "p95", "spread", "runs", ""],
    )
    for row in rows:
        numbers = [f"{row['ratio']:.1f}", f"{row['p95']:.1f}", *spread(row)]
        table.rows.append(
            [row["way"], str(row["connections"]), *numbers, row["verdict"] or "one wait"]
        )
    return table


def holdup(rows: list[Row]) -> Table:
    table = Table(
        "One connection waits: who asks meanwhile, and is kept waiting too?",
        ["who waits", "for s", "who asks", "answer in s", "p95", "spread", "runs", ""],
    )
    for row in rows:
        numbers = [f"{row['seconds']:.3f}", f"{row['p95']:.3f}", *spread(row)]
        who = [row["waiting"], f"{row['wait_s']:.2f}", row["probe"]]
        table.rows.append([*who, *numbers, HELD_UP[row["held_up"]]])
    return table


def rates(title: str) -> Callable[[list[Row]], Table]:
    def table_of(rows: list[Row]) -> Table:
        names = ["way", "at once", "a second", "p95", "spread", "p50 ms", "p99 ms", ""]
        table = Table(title, names)
        for row in rows:
            numbers = [f"{row['per_second']:,}", f"{row['p95']:,.0f}", spread(row)[0]]
            latencies = [f"{row['p50_ms']:.1f}", f"{row['p99_ms']:.1f}"]
            busy = f"client {100 * row['client_busy']:.0f} % busy"
            table.rows.append(
                [row["way"], str(row["connections"]), *numbers, *latencies,
                 busy if row["client_busy"] > MOST_BUSY else ""]
            )  # fmt: skip
        return table

    return table_of


def memory(rows: list[Row]) -> Table:
    table = Table(
        "An idle connection: how much memory does it take, and how many threads?",
        ["way", "opened", "KiB each", "p95", "spread", "runs", "threads each"],
    )
    for row in rows:
        numbers = [f"{row['kib_per_connection']:.0f}", f"{row['p95']:.0f}", *spread(row)]
        threads = f"{row['threads_per_connection']:.0f}"
        table.rows.append([row["way"], str(row["connections"]), *numbers, threads])
    return table


def cpu(rows: list[Row]) -> Table:
    table = Table(
        "About 10 ms of computing a message: how many cores does that keep busy?",
        ["way", "at once", "cores", "p95", "spread", "runs", "messages a second"],
    )
    for row in rows:
        numbers = [f"{row['cores']:.2f}", f"{row['p95']:.2f}", *spread(row)]
        table.rows.append(
            [row["way"], str(row["connections"]), *numbers, f"{row['per_second']:.0f}"]
        )
    if rows and all(row["cores"] < ONE_CORE for row in rows):
        table.notes.append(
            "Nobody wins: in one process, Python computes in one thread at a time (the GIL)."
        )
    return table


TABLES: dict[str, Callable[[list[Row]], Table]] = {
    "together": together,
    "holdup": holdup,
    "echo": rates("Messages without work: how many a second, and how long does one take?"),
    "memory": memory,
    "database": rates("One query a message: how many a second, and how long does one take?"),
    "cpu": cpu,
}  # fmt: skip


def tables(told: Told) -> Iterator[Table]:
    """A table for each question that was asked, with what there is to say below it."""
    for question, rows in told["questions"].items():
        table = TABLES[question](rows)
        if question == "together" and told["own_threads"]:
            table.notes.append(
                "This site gives each connection its own thread: "
                "the sync waits that were recorded ran in as many threads as connections."
            )
        for note in (*told["not_offered"], *told["notes"]):
            if note["question"] == question and note["says"] not in table.notes:
                table.notes.append(note["says"])
        yield table


LEGEND = [
    "thread-each: a ThreadSensitiveContext around each connection, as lesson 7 writes it.",
    "async-blocking: an async consumer that calls time.sleep. raw: an ASGI function, no consumer.",
    "client: the client itself, against an echo server of its own library.",
    "p95: what 95 of 100 runs stay below. spread: (most - least) / median.",
]


def header(told: Told) -> list[str]:
    """The server, the site, the machine and the versions: what every number depends on."""
    machine, versions = told["machine"], told["versions"]
    site = f"the site in {told['site']}/" if told["site"] else "the course's site after lesson 6"
    served = f"{NAMES.get(told['server'], told['server'])} {versions[told['server']]}"
    memory = f", {machine['memory_gib']} GiB" if machine["memory_gib"] else ""
    cores = f"{machine['cores']} core{'s' if machine['cores'] != 1 else ''}"
    names = (name for name in versions if name != "python")
    return [
        f"{served} serves {site}; {told['rounds']} rounds, in turns.",
        *([told["says"]] if told["says"] else []),
        f"{machine['system']}, {machine['cpu']}, {cores}{memory}, {machine['python']}",
        ", ".join(f"{NAMES.get(name, name)} {versions[name]}" for name in names),
    ]
