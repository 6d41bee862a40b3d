"""`rewind ID`: the learner's folder becomes what a snapshot holds."""

import click

from coach.learner import Learner
from coach.screen import Screen, typed, written_or_removed
from coach.verbs import options


@click.command()
@click.argument("ident", metavar="ID", type=int)
@options.work
@options.plain
def command(ident: int, work: str | None, plain: bool) -> None:
    """Go back to snapshot ID (see history). What you have now is kept in a snapshot first."""
    learner = Learner.at(work)
    known = {snapshot.ident: snapshot for snapshot in learner.snapshots.all()}
    if ident not in known:
        raise click.UsageError(f"There is no snapshot {ident}; history lists those there are.")
    tree = learner.snapshots.files(known[ident])
    before, changed = learner.replace(tree, f"before rewind {ident}", keeps=False)
    screen = Screen(plain)
    screen.line(f"{learner.folder.shown}/ is as it was in snapshot {ident}.")
    screen.lines(written_or_removed(learner.folder.shown, changed, tree))
    if changed:
        screen.line(f"  back     {typed('rewind', before.ident)} brings back what was there")
