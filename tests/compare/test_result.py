"""What a run gives: the JSON, the tables, the Markdown and the figure."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from compare import figure, markdown, tables
from compare.laboratory import QUESTIONS

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
SUMMED_UP = {"median", "p95", "spread", "runs"}
ROWS = {
    "together": {"way", "connections", "ratio", "wait_s", "verdict"},
    "holdup": {"waiting", "probe", "seconds", "wait_s", "held_up"},
    "echo": {"way", "connections", "per_second", "p50_ms", "p99_ms", "client_busy"},
    "memory": {"way", "connections", "kib_per_connection", "threads_per_connection"},
    "database": {"way", "connections", "per_second", "p50_ms", "p99_ms", "client_busy"},
    "cpu": {"way", "connections", "cores", "per_second"},
}
WAYS = ["sync", "sync-thread-each", "async", "async-blocking"]


def test_json_holds_what_was_asked_and_where_it_was_measured(measured) -> None:
    told = measured.told
    assert told["schema"] == 1
    assert (told["server"], told["quick"], told["site"]) == (measured.server, True, None)
    assert set(told["machine"]) == {"system", "cpu", "cores", "python", "memory_gib"}
    assert {"python", "django", "channels", "daphne", "asgiref", "websockets"} <= set(
        told["versions"]
    )
    assert told["not_offered"] == told["notes"] == []


def test_json_names_no_folder(measured) -> None:
    assert str(ROOT) not in json.dumps(measured.told)
    assert "coach-" not in json.dumps(measured.told)


def test_every_question_has_rows_with_median_p95_spread_and_runs(measured) -> None:
    assert list(measured.told["questions"]) == list(QUESTIONS)
    for question, rows in measured.told["questions"].items():
        assert rows
        for row in rows:
            assert set(row) == ROWS[question] | SUMMED_UP
            assert row["runs"] >= 1  # one that was held up does not count
            assert row["median"] <= row["p95"]


def test_every_way_and_the_clients_own_limit_are_in_the_echo(measured) -> None:
    rows = measured.told["questions"]["echo"]
    ways = {"raw", "sync", "async", "sync-thread-each", "async-thread-each", "client"}
    assert {(row["way"], row["connections"]) for row in rows} == {
        (way, size) for way in ways for size in (1, 10, 100)
    }


def test_tables_ask_each_question_in_words(measured) -> None:
    out = measured.ran.out
    for table in tables.tables(measured.told):
        assert f"\n\n{table.title}\n" in out
    assert out.startswith(f"{'Daphne' if measured.server == 'daphne' else 'uvicorn'} ")
    assert "Quick: 3 rounds, at most 10 connections together, 100 in the echo.\n" in out
    assert "\x1b" not in out
    assert measured.ran.err == ""


def test_client_that_is_busy_is_named_in_its_row() -> None:
    row = {
        "way": "raw", "connections": 100, "per_second": 9_000, "median": 9_000.0, "p95": 9_500.0,
        "spread": 0.1, "runs": 7, "p50_ms": 1.0, "p99_ms": 2.0, "client_busy": 0.93,
    }  # fmt: skip
    [shown] = tables.TABLES["echo"]([row]).rows
    assert shown[-1] == "client 93 % busy"
    [shown] = tables.TABLES["echo"]([row | {"client_busy": 0.8}]).rows
    assert shown[-1] == ""
    assert "9,000 *" in markdown.rates([row])


def test_markdown_has_a_table_for_each_question(measured) -> None:
    made = markdown.tables(measured.told)
    assert list(made) == list(QUESTIONS)
    for text in made.values():
        head, rule, *rows = text.partition("\n\n")[0].splitlines()
        assert {line.count("|") for line in (head, rule, *rows)} == {head.count("|")}
    assert re.search(r"^\| `sync` \| 0\.\d+ \| 0\.\d+ \| \*\*\d", made["holdup"], re.MULTILINE)


def test_figure_has_a_lane_for_each_connection_in_each_panel(measured) -> None:
    panels = measured.told["figure"]["panels"]
    assert [panel["way"] for panel in panels] == WAYS
    assert [len(panel["lanes"]) for panel in panels] == [10, 10, 10, 10]
    kinds = [figure.kind(panel) for panel in panels]
    assert kinds == ["shared", "own", "loop", "loop"]
    drawn = ET.fromstring(measured.drawing)
    bars = [rect.get("class") for rect in drawn.iter(f"{SVG}rect")]
    legend = 1
    assert bars.count("holds shared") == bars.count("holds own") == 10 + legend
    assert bars.count("free loop") == bars.count("holds loop") == 10 + legend


def test_figure_says_in_words_what_it_shows(measured) -> None:
    drawn = ET.fromstring(measured.drawing)
    assert drawn.findtext(f"{SVG}title") == "Who waits for whom"
    words = drawn.findtext(f"{SVG}desc")
    assert words == " ".join(figure.described(measured.told))
    assert "each waits until the one before has ended; each holds the one thread" in words


def test_figure_is_drawn_again_from_the_json(measured, laboratory, tmp_path: Path) -> None:
    told_file, svg_file = tmp_path / "told.json", tmp_path / "again.svg"
    told_file.write_text(json.dumps(measured.told), "utf-8")
    assert laboratory("draw", told_file, "--svg", svg_file).code == 0
    assert svg_file.read_text("utf-8") == measured.drawing


def test_committed_figure_is_the_drawing_of_the_committed_measurement() -> None:
    told = json.loads((ROOT / "solutions/measured.json").read_text("utf-8"))
    assert (ROOT / "solutions/waiting.svg").read_text("utf-8") == figure.svg(told)
