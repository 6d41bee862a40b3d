"""Options that several verbs share."""

from typing import Any

import click

from coach import course
from coach.course import Lesson


class LessonNumber(click.ParamType[Lesson]):
    """The number of a lesson, as an argument."""

    name = "N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Lesson:
        if isinstance(value, Lesson):
            return value
        try:
            return course.lesson(int(value))
        except ValueError:
            self.fail(f"{value!r} is not the number of a lesson.", param, ctx)
        except LookupError as error:
            self.fail(str(error.args[0]), param, ctx)


work = click.option("--work", metavar="DIR", help="The learner's folder; else WORK, else work/.")
plain = click.option("--plain", is_flag=True, help="No colour, one fact a line.")
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
branch = click.option(
    "--branch", type=click.Choice(course.BRANCHES), default="async", show_default=True,
    help="Which of the two solutions, from lesson 8 on.",
)  # fmt: skip
