"""What the book does to links and to the folder it goes to, and what it refuses."""

import subprocess
import sys

import pytest

from coach.book import links, site
from coach.course import ROOT
from coach.evidence import CoachError

# -- what it refuses ----------------------------------------------------------------------------


def test_folder_that_is_no_book_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "coach", "book", "--plain", "--out", str(tmp_path)],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr == (
        f"{tmp_path} holds files, and is no book that make book has made: it has no file .book. "
        "Nothing was changed. Move it out of the way, or name another folder with --out.\n"
    )
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


def test_file_is_refused(tmp_path):
    (tmp_path / "site").write_text("mine", "utf-8")
    with pytest.raises(CoachError, match="is not a folder"):
        site.refuse_foreign(tmp_path / "site")


def test_second_book_leaves_nothing_of_the_first(tmp_path):
    for number, name in enumerate(("first.html", "second.html")):
        (tmp_path / f"built-{number}/below").mkdir(parents=True)
        (tmp_path / f"built-{number}/below" / name).touch()
        site.put(tmp_path / f"built-{number}", tmp_path / "site")
    assert sorted(one.name for one in (tmp_path / "site").rglob("*")) == [
        ".book", "below", "second.html",
    ]  # fmt: skip


def test_warning_of_sphinx_ends_it(tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/index.md").write_text("# Front\n\n[gone](gone.md)\n", "utf-8")
    with pytest.raises(CoachError) as raised:
        site.build(tmp_path / "sources", tmp_path / "built")
    assert str(raised.value).startswith(
        "Sphinx finds fault with the pages:\n"
        "index.md:3: WARNING: 'myst' cross-reference target not found: 'gone.md'"
    )


# -- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "led"),
    [
        ("README.md", "index.md"),
        ("../../README.md#begin", "../../index.md#begin"),
        ("../04-sync", "../04-sync/index.md"),
        ("../../gs2/asgi.py#L3", "../../gs2/asgi.py.md"),
        ("../../solutions/waiting.svg", "../../solutions/waiting.svg"),
        ("../../solutions/trunk/", "../../solutions/trunk/index.md"),
        ("../../LICENSE", "../../LICENSE.md"),
        ("../../notebooks/03-routes.ipynb", "../../notebooks/03-routes.ipynb"),
        ("#steps", "#steps"),
        ("https://www.djangoproject.com/", "https://www.djangoproject.com/"),
    ],
)
def test_link_leads_to_its_place_in_the_book(target, led):
    text = f"[a]({target})\n\n```\n[b]({target})\n```\n"
    assert links.rewritten(text, "lessons/03-routes/README.md", links.place) == (
        f"[a]({led})\n\n```\n[b]({target})\n```\n"
    )


@pytest.mark.parametrize("target", ["gone.md", "../../../elsewhere.md"])
def test_link_out_of_the_repository_or_to_nothing_is_refused(target):
    with pytest.raises(CoachError) as raised:
        links.rewritten(f"[a]({target})", "lessons/03-routes/README.md", links.place)
    assert str(raised.value) == (
        f"lessons/03-routes/README.md links to {target}, which is not in the repository. A link of "
        "a page leads to a file or a folder there: mend it, then run make book again."
    )
