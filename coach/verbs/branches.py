"""`branches`: the two solutions as git branches, with a commit and a tag for each lesson."""

import click

from coach import refs
from coach.course import ROOT, lessons
from coach.screen import Screen
from coach.verbs import options

WORTH_TYPING = (
    "git diff solution/sync solution/async -- myapp/chat.py",
    "git log -p solution/async",
    "git worktree add ../lesson-9 async/09",  # a switch here would take the coach away
)


@click.command()
@options.plain
def command(plain: bool) -> None:
    """Make the branches solution/sync and solution/async, and a tag for each lesson on them.

    Every clone gets the same commits. Your files, the index and HEAD stay as they are, and so does
    a branch or tag of such a name that holds work of yours.
    """
    built = refs.build(ROOT)
    screen = Screen(plain)
    first, last = lessons()[0].number, lessons()[-1].number
    for branch, idents in built.items():
        tags = f"{refs.tag(branch, first)} to {refs.tag(branch, last)}"
        screen.line(f"  {f'solution/{branch}':14}  at {idents[-1][:10]}, with the tags {tags}")
    screen.line("Worth typing:")
    screen.lines(f"    {line}" for line in WORTH_TYPING)
