"""`history`: the snapshots of the learner's folder."""

import click

from coach.learner import Learner
from coach.screen import Screen, typed
from coach.snapshots import Snapshot
from coach.verbs import options

SHOWN = 20


@click.command()
@options.work
@options.plain
@click.option("--all", "is_all", is_flag=True, help=f"All of them, not the last {SHOWN} alone.")
def command(work: str | None, plain: bool, is_all: bool) -> None:
    """List the snapshots of your folder, the newest last."""
    learner = Learner.at(work)
    screen = Screen(plain)
    taken = learner.snapshots.all() if learner.folder.is_there else []
    taken.sort(key=lambda snapshot: (snapshot.when, snapshot.ident))
    if not taken:
        screen.line("There are no snapshots yet; each check takes one.")
        return
    rows = list(zip([None, *taken], taken, strict=False))
    if len(rows) > SHOWN and not is_all:
        screen.line(f"({len(rows) - SHOWN} older ones: python -m coach history --all)")
        rows = rows[-SHOWN:]
    for before, snapshot in rows:
        when = snapshot.when.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        screen.line(f"{snapshot.ident:4}  {when}  {snapshot.why:22}  {changes(before, snapshot)}")
    screen.line(f"{typed('rewind', 'ID')} goes back to one; what you have now is kept first.")


def changes(before: Snapshot | None, snapshot: Snapshot) -> str:
    """Which files differ from the snapshot before."""
    if before is None:
        return f"{len(snapshot.files)} files"
    paths = before.files.keys() | snapshot.files.keys()
    differ = sorted(path for path in paths if before.files.get(path) != snapshot.files.get(path))
    more = f" and {len(differ) - 3} more" if len(differ) > 3 else ""
    return ", ".join(differ[:3]) + more
