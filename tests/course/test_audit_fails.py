"""The audit can fail: each thing that it looks at, damaged, is a finding."""

import json
import shutil

import pytest

from coach import course
from coach.audit import checks, pages, readme, solutions, states
from coach.course import Edit, Lesson
from coach.diagnoses.catalogue import CATALOGUE

# The principle, on lessons whose checks take no time: elsewhere it follows from the audit, which
# sees each mistake fail at the step that is to catch it, and counts one for every step.
STEPS = [(one, step) for one in course.lessons() if one.number <= 5 for step in one.steps]
LESSON = course.lesson(3)


def found(findings) -> list[str]:
    return [str(finding) for finding in findings]


def changed(lesson: Lesson, **toml: object) -> Lesson:
    """A lesson whose lesson.toml says something else."""
    other = Lesson(lesson.folder)
    vars(other)["toml"] = lesson.toml | toml
    return other


def branch_of(mistake: course.Mistake) -> str:
    """The branch whose solution a mistake changes."""
    return mistake.branch or "async"


# -- the checks ---------------------------------------------------------------------------------


async def passes(site: object) -> None:
    """A check that looks at nothing."""


@pytest.mark.parametrize(
    ("lesson", "step"), STEPS, ids=[f"{one.slug}-{step.number}" for one, step in STEPS]
)
def test_check_that_was_emptied_is_found(lesson, step, launcher, monkeypatch):
    """One of the mistakes that this step is to catch passes, or is caught later."""
    really = Lesson.checks

    def emptied(one: Lesson) -> list[course.Check]:
        found = really(one)
        if one.number == lesson.number:
            found[step.number - 1] = passes
        return found

    monkeypatch.setattr(Lesson, "checks", emptied)
    mistakes = [mistake for mistake in lesson.mistakes if mistake.step == step.number]

    assert any(found(checks.caught(lesson, one, branch_of(one), launcher)) for one in mistakes)


def test_check_that_refuses_a_solution_is_found(launcher, monkeypatch):
    solution = course.state(3)
    monkeypatch.setattr(course, "state", lambda *_: solution | {"myapp/routes.py": b""})

    *_, told = found(checks.solved(LESSON, None, launcher))

    assert told.startswith("03-routes, solved: check 3 fails at step 1: got ImportError: ")


def test_beginning_that_passes_is_found(launcher, monkeypatch):
    solution = course.state(4)
    monkeypatch.setattr(course, "beginning", lambda *_: solution)

    assert found(checks.begins(course.lesson(4), None, launcher)) == [
        "04-sync, as it begins: passes"
    ]


def test_beginning_that_fails_elsewhere_is_found(launcher):
    lesson = changed(LESSON, begins={"step": 5, "says": ["tea"]})

    first, second = found(checks.begins(lesson, None, launcher))

    assert first.startswith("03-routes, as it begins: fails at step 2, not 5: got ")
    assert second.startswith("03-routes, as it begins: the report does not say 'tea':\n")


MISTAKE = {
    "name": "another greeting", "step": 2, "says": ["hullo"], "file": "myapp/consumers.py",
    "find": '"text": "hello"', "put": '"text": "hullo"',
}  # fmt: skip


def findings_of_mistake(launcher, **more: object) -> list[str]:
    """What the audit finds where lesson 3 plants this one mistake."""
    lesson = changed(LESSON, mistakes=[MISTAKE | more])
    [mistake] = lesson.mistakes
    return found(checks.caught(lesson, mistake, None, launcher))


NAMED = "03-routes, mistake 'another greeting': "


def test_mistake_as_it_says_is_no_finding(launcher):
    edit = Edit("myapp/consumers.py", '"text": "hello"', '"text": "hullo"')
    tree = course.edited(course.state(3), [edit])
    diagnosis = checks.check(LESSON, tree, launcher).failed_step.diagnosis

    more = {"diagnosis": diagnosis} if diagnosis else {}
    assert findings_of_mistake(launcher, look_at="myapp/consumers.py:18", **more) == []


def test_mistake_that_passes_is_found(launcher):
    assert findings_of_mistake(launcher, put='"text": "hel" + "lo"') == [NAMED + "passes"]


def test_mistake_at_another_step_is_found(launcher):
    assert NAMED + 'fails at step 2, not 3: got the text frame "hullo"' in findings_of_mistake(
        launcher, step=3
    )


def test_mistake_with_another_diagnosis_is_found(launcher):
    [told] = findings_of_mistake(launcher, diagnosis="tea")

    assert told.startswith(NAMED + "is diagnosed ")
    assert told.endswith(', not tea: got the text frame "hullo"')


def test_mistake_that_looks_elsewhere_is_found(launcher):
    told = findings_of_mistake(launcher, look_at="myapp/routes.py:1")

    assert NAMED + "looks at myapp/consumers.py:18, not myapp/routes.py:1" in told


@pytest.mark.parametrize(("find", "times"), [("tea", 0), ("send", 4)])
def test_mistake_that_does_not_fit_is_found(launcher, find, times):
    assert findings_of_mistake(launcher, find=find) == [
        f"{NAMED}myapp/consumers.py contains {times} times, not once: {find!r}"
    ]


def test_variant_that_fails_is_found(launcher):
    variant = {name: MISTAKE[name] for name in ("name", "file", "find", "put")}
    lesson = changed(LESSON, variants=[variant])

    [told] = found(checks.accepted(lesson, lesson.variants[0], None, launcher))

    assert told.startswith("03-routes, variant 'another greeting': fails at step 2:\n")
    assert 'got       the text frame "hullo"' in told


def test_few_mistakes_and_variants_are_found():
    lesson = changed(LESSON, mistakes=[{**MISTAKE, "says": []}], variants=[])

    assert found(checks.counts(lesson)) == [
        "03-routes: has 1 mistakes, fewer than 8",
        "03-routes: has 0 variants, fewer than 4",
        *(f"03-routes: has no mistake that step {number} catches" for number in (1, 3, 4, 5)),
        f"{NAMED}names neither a diagnosis nor words that the report says",
    ]


# -- the diagnoses ------------------------------------------------------------------------------

NAMES = sorted(
    {mistake.diagnosis for one in course.lessons() for mistake in one.mistakes} & CATALOGUE.keys()
)
# The first of each module: a run for each identifier would take a minute.
FIRST = {CATALOGUE[name].__module__: name for name in reversed(NAMES)}


@pytest.fixture
def catalogue():
    """The catalogue; afterwards its entries are back in their order, that of the search."""
    kept = dict(CATALOGUE)
    yield CATALOGUE
    CATALOGUE.clear()
    CATALOGUE.update(kept)


@pytest.mark.parametrize("name", NAMES)
def test_diagnosis_that_was_dropped_is_found(name, catalogue):
    del catalogue[name]

    assert f"diagnosis {name}: is not in the catalogue" in found(states.diagnoses_planted())


@pytest.mark.parametrize("name", FIRST.values())
def test_diagnosis_that_was_dropped_is_found_by_its_mistake(name, launcher, catalogue):
    del catalogue[name]
    lesson, mistake = next(
        (one, mistake)
        for one in course.lessons()
        for mistake in one.mistakes
        if mistake.diagnosis == name
    )

    assert found(checks.caught(lesson, mistake, branch_of(mistake), launcher))


def test_diagnosis_without_a_mistake_is_found(catalogue):
    catalogue["tea"] = lambda evidence: None

    assert "diagnosis tea: no planted mistake produces it" in found(states.diagnoses_planted())


# -- the pages ----------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A function that changes the page of lesson 3, as the audit reads it."""
    file = tmp_path / "README.md"
    text = (LESSON.folder / "README.md").read_text("utf-8")
    monkeypatch.setattr(pages, "page_of", lambda lesson: file)

    def change(old: str, new: str) -> None:
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")

    return change


LISTING, PROBLEM = "<!-- listing: myapp/routes.py -->\n```python\n", "## The problem\n"


def test_listing_that_was_changed_is_found(page, launcher):
    page(LISTING, LISTING + "tea = 1\n")

    told = found(pages.blocks(LESSON, launcher))

    assert "03-routes/README.md, listing myapp/routes.py: does not stand in that file" in told


def test_listing_that_is_too_long_is_found(page, launcher):
    page(LISTING, LISTING + "tea = 1\n" * 13)

    [told] = [told for told in found(pages.blocks(LESSON, launcher)) if "more than 12" in told]

    assert told.startswith("03-routes/README.md, listing myapp/routes.py: has ")


def test_report_that_was_typed_is_found(page, launcher):
    page(PROBLEM, "<!-- report: passed -->\n```text\nLesson 3 passes\n```\n" + PROBLEM)

    told = found(pages.blocks(LESSON, launcher))

    assert any(
        one.startswith(
            "03-routes/README.md, report passed: the coach prints something else:\nLesson 3 · "
        )
        for one in told
    )


def test_report_of_no_state_is_found(page, launcher):
    page(PROBLEM, "<!-- report: mistake tea -->\n```text\n\n```\n" + PROBLEM)

    told = found(pages.blocks(LESSON, launcher))

    assert "03-routes/README.md, report mistake tea: names no state of this lesson" in told


def test_listing_without_a_marker_is_found(page):
    page(PROBLEM, "```python\ntea = 1\n```\n" + PROBLEM)

    assert found(pages.unmarked(LESSON)) == [
        "03-routes/README.md: a listing without a marker: '```python\\ntea = 1\\n```'"
    ]


def test_page_that_is_too_long_is_found(page):
    page(PROBLEM, PROBLEM + "tea " * 901)

    [told] = [told for told in found(pages.budget(LESSON)) if " words" in told]

    assert told.startswith("03-routes/README.md: has ")
    assert told.endswith(" words, not 600 to 900")


def test_part_that_is_missing_is_found(page):
    page(PROBLEM, "## Tea\n")

    [told] = found(pages.budget(LESSON))

    assert told.startswith("03-routes/README.md: has the parts ['Tea', 'The idea', ")


@pytest.mark.parametrize("word", ["simply", "just", "Obviously", "well done!"])
def test_word_that_helps_nobody_is_found(page, word):
    page(PROBLEM, f"{PROBLEM}\n{word} tea\n")

    told = word[-1] if word.endswith("!") else word
    assert found(pages.budget(LESSON)) == [f"03-routes/README.md: says {told!r}"]


def test_link_to_nowhere_is_found(tmp_path, monkeypatch):
    (tmp_path / "here.md").write_text("[a](here.md) [b](here.md#tea) [c](#tea) [d](tea.md)")
    (tmp_path / "web.md").write_text("[a](https://docs.djangoproject.com/)\n```\n[b](tea.md)\n```")
    monkeypatch.setattr(pages, "ROOT", tmp_path)

    assert found(pages.links()) == ["here.md: links to tea.md"]


def test_map_that_is_behind_is_found(tmp_path, monkeypatch):
    file = tmp_path / "README.md"
    monkeypatch.setattr(readme, "README", file)

    file.write_text("# tea", "utf-8")
    without = found(readme.map_in_step())
    file.write_text(readme.lesson_map().replace("Route the sockets", "Tea"), "utf-8")
    behind = found(readme.map_in_step())

    assert without == ["README.md: has no map between <!-- lessons --> and <!-- end -->"]
    assert behind == ["README.md: its map of the lessons is not what the lessons say"]


# -- the files ----------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Copies of lessons/ and solutions/, which the audit takes for them."""
    for name in ("lessons", "solutions"):
        shutil.copytree(course.ROOT / name, tmp_path / name)
        monkeypatch.setattr(states, name.upper(), tmp_path / name)
    monkeypatch.setattr(states, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("lessons/03-routes/notes.txt", "lessons/03-routes/notes.txt: is stray"),
        ("lessons/03-routes/handouts/x", "lessons/03-routes/handouts: is stray"),
        ("lessons/99-tea/README.md", "lessons/99-tea: is not a lesson"),
        ("lessons/tea.txt", "lessons/tea.txt: is not a lesson"),
        ("solutions/trunk/99-tea/x", "solutions/trunk/99-tea: belongs to no lesson"),
        ("solutions/sync/3-routes/x", "solutions/sync/3-routes: belongs to no lesson"),
    ],
)
def test_stray_file_is_found(copied, path, told):
    (copied / path).parent.mkdir(parents=True, exist_ok=True)
    (copied / path).write_text("tea")

    assert found(states.stray_files()) == [told]


@pytest.mark.parametrize("name", sorted(states.LESSON_FILES))
def test_missing_file_is_found(copied, name):
    (copied / "lessons/03-routes" / name).unlink()

    assert found(states.stray_files()) == [f"lessons/03-routes/{name}: is missing"]


def test_finished_site_that_differs_is_found(monkeypatch):
    lying = course.finished() | {"gs2/asgi.py": b"", "myapp/tea.py": b""}
    del lying["manage.py"]
    monkeypatch.setattr(course, "finished", lambda: lying)

    assert found(states.finished_site()) == [
        "gs2/asgi.py: differs from what the lessons lead to",
        "manage.py: the lessons lead to it, and it is not at the root",
        "myapp/tea.py: is at the root, and no lesson leads to it",
    ]


def test_overlay_that_changes_nothing_is_found(monkeypatch):
    whole = course.state(2)
    monkeypatch.setattr(Lesson, "solution", lambda lesson, branch: dict(whole))

    assert "03-routes manage.py: is in the overlay and changes nothing" in found(
        states.unchanged_overlays()
    )


def test_metadata_that_is_untrue_is_found(monkeypatch):
    step = {"title": "tea", "hints": ["where to look is here", "which idea is this", "no"]}
    lesson = changed(
        LESSON, number=4, needs=[3, 9], edits=["tea.py"], steps=[step | {"retired_by": 3}]
    )
    monkeypatch.setattr(course, "lessons", lambda: [lesson])

    assert found(states.metadata()) == [
        "03-routes: its number is 4",
        "03-routes: needs lesson 3, which does not come before it",
        "03-routes: needs lesson 9, which does not come before it",
        "03-routes: edits ['tea.py'], its solution ['gs2/asgi.py', 'myapp/routes.py']",
        "03-routes: step 1 has not three hints with content",
        "03-routes: step 1 is retired by lesson 3",
    ]


# -- the page of the solutions --------------------------------------------------------------------


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """A copy of the page, of its measurement and of its figure, for the audit to look at."""
    for name in ("PAGE", "MEASURED", "FIGURE"):
        path = getattr(solutions, name)
        shutil.copy(path, tmp_path)
        monkeypatch.setattr(solutions, name, tmp_path / path.name)
    return solutions.PAGE


def measured(**versions: str) -> None:
    """Write the measurement anew, as if it had been made with other versions."""
    told = json.loads(solutions.MEASURED.read_text("utf-8"))
    told["versions"] |= versions
    solutions.MEASURED.write_text(json.dumps(told), "utf-8")


def test_page_in_step_is_no_finding(shown):
    assert found(solutions.page_in_step()) == []


def test_part_that_was_typed_is_found(shown):
    text = shown.read_text("utf-8")
    shown.write_text(text.replace("| `sync` | 1.0 |", "| `sync` | 1.5 |", 1), "utf-8")

    told = found(solutions.page_in_step())

    assert told == ["solutions/README.md: the part together is not what was measured"]


def test_part_that_is_missing_or_unknown_is_found(shown):
    text = shown.read_text("utf-8")
    shown.write_text(text.replace("<!-- made: cpu -->", "<!-- made: tea -->"), "utf-8")

    assert found(solutions.page_in_step()) == [
        "solutions/README.md: there is no part called tea",
        "solutions/README.md: the part cpu is missing",
    ]


def test_part_is_written_anew(shown):
    before = shown.read_text("utf-8")
    shown.write_text(before.replace("| `sync` | 1.0 |", "| `sync` | 1.5 |", 1), "utf-8")

    assert found(solutions.page_in_step(write=True)) == []
    assert shown.read_text("utf-8") == before


def test_measurement_with_other_versions_than_the_lock_s_is_found(shown):
    measured(channels="4.4.0")

    assert (
        "solutions/measured.json: was measured with channels 4.4.0, which is not the lock's. To "
        "renew: python -m compare run --json solutions/measured.json --svg solutions/waiting.svg"
    ) in found(solutions.page_in_step())


def test_sentence_that_the_measurement_does_not_show_is_found(shown):
    told = json.loads(solutions.MEASURED.read_text("utf-8"))
    for row in told["questions"]["holdup"]:
        row["held_up"] = False
    solutions.MEASURED.write_text(json.dumps(told), "utf-8")

    broken = [text for text in found(solutions.page_in_step()) if "no longer shows it" in text]

    assert len(broken) == 4


def test_figure_that_was_not_drawn_from_the_measurement_is_found(shown):
    solutions.FIGURE.write_text("<svg/>", "utf-8")

    assert found(solutions.page_in_step()) == [
        "solutions/waiting.svg: is not the drawing of measured.json"
    ]
    assert found(solutions.page_in_step(write=True)) == []
    assert found(solutions.page_in_step()) == []
