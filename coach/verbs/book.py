"""`book`: the lesson pages and the executed notebooks as one static site."""

import tempfile
from pathlib import Path

import click

from coach.book import running, site, sources
from coach.course import ROOT
from coach.screen import Screen, counted, under_way
from coach.verbs import options


@click.command()
@click.option(
    "--out", metavar="FOLDER", type=click.Path(path_type=Path), default=ROOT / "site",
    help="Where the site goes; else site/.",
)  # fmt: skip
@click.option("--quick", is_flag=True, help="Take the notebooks without executing them.")
@options.plain
def command(out: Path, quick: bool, plain: bool) -> None:
    """Make one site of the lesson pages and the executed notebooks, to be read without a clone.

    It replaces the book that it finds, and nothing else: a folder with other files is refused.
    """
    site.refuse_foreign(out)
    notebooks = sources.there()
    with tempfile.TemporaryDirectory(prefix="book-") as name, under_way() as follow:
        temporary = Path(name).resolve()
        if not quick:
            follow(f"executing {counted(len(notebooks), 'notebook')}")
            left = set(notebooks)

            def tell(slug: str) -> None:
                left.discard(slug)
                follow(f"executing: {counted(len(left), 'notebook')} to go")

            notebooks = running.executed(notebooks, temporary / "executed", tell)
        follow("building the pages")
        sources.Sources(temporary / "sources", notebooks).gather()
        site.build(temporary / "sources", temporary / "site")
        site.put(temporary / "site", out)
    shown = out.relative_to(ROOT) if out.is_relative_to(ROOT) else out
    how = "as they lie" if quick else "executed"
    Screen(plain).line(f"  {shown}/index.html  {counted(len(notebooks), 'notebook')}, {how}")
