"""`watch [N]`: checks the lesson in hand at each save, until you quit."""

import click

from coach import course
from coach.course import Lesson
from coach.events import Event, requests_to_end
from coach.keys import Keys
from coach.learner import Learner
from coach.saves import Saves
from coach.verbs import options
from coach.view import View
from coach.watching import Watch


@click.command()
@click.argument("lesson", type=options.LessonNumber(), required=False)
@click.option("--polling", is_flag=True, help="Look at the folder; do not wait for its events.")
@options.work
@options.as_json
@options.plain
def command(
    lesson: Lesson | None, polling: bool, work: str | None, as_json: bool, plain: bool
) -> None:
    """Check again at each save: lesson N, or the one in hand. Goes on to the next when asked."""
    learner = Learner.at(work)
    view = View(plain, as_json)
    with requests_to_end() as events, Keys(lambda key: events.put(Event("key", what=key))) as keys:
        view.keys = keys
        watch = Watch(learner, lesson or in_hand(learner), events, view)
        saves = Saves(learner.folder.root, lambda: events.put(Event("saved")), view.polls)
        if polling:
            saves.poll("you asked for it")
        view.begins(learner.folder.shown)
        saves.start()
        try:
            watch.run()
        finally:
            saves.stop()
    view.ends()


def in_hand(learner: Learner) -> Lesson:
    """The last lesson begun, done or not; after `catch-up`, the one that begins there."""
    known = learner.progress()
    if not known:
        tree = learner.folder.read() if learner.folder.is_there else {}
        return course.lesson(max(course.begun(tree), 1))
    last = max(known)
    is_skipped = known[last].get("skipped") and last < len(course.lessons())
    return course.lesson(last + 1 if is_skipped else last)
