"""The command line: `python -m coach VERB`. One module of `coach/verbs/` for each verb."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from coach.evidence import CoachError

VERBS = (
    "check", "watch", "hint", "diff", "solution", "catch-up", "history", "rewind", "progress",
    "trace", "run", "valkey", "doctor", "branches", "audit", "bench", "book",
    "offline",
)  # fmt: skip
FAILED, WRONG_USAGE, BROKEN = 1, 2, 3
LAST_STREAM = 2


class Verbs(click.Group):
    """Loads the module of a verb when it is asked for, and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = importlib.import_module(f"coach.verbs.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS:
            import difflib  # needed here only, and not free

            near = difflib.get_close_matches(args[0], VERBS, 1)
            meant = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(VERBS)}."
            ctx.fail(f"There is no verb {args[0]!r}. {meant}")
        return super().resolve_command(ctx, args)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def coach() -> None:
    """The course's coach: checks your site in work/, lesson by lesson, and never harms it.

    Exit codes: 0 passed, 1 a check failed, 2 wrong usage, 3 the coach or the machine failed.
    """


def main() -> int:
    """Run a verb; the exit code. Nothing of ours ever ends in a traceback."""
    return run(coach, "Interrupted. Nothing was lost.", "The coach failed, not your code")


def run(command: click.Command, interrupted: str, failed: str) -> int:
    """Run a command line; its exit code. What goes wrong is told in a sentence."""
    open_closed_streams()
    try:
        code = command.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return WRONG_USAGE
    except (KeyboardInterrupt, click.Abort):
        say(interrupted)
        return BROKEN
    except CoachError as error:
        say(str(error))
        return BROKEN
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BROKEN
    except Exception as error:
        if os.environ.get("COACH_TRACE"):
            raise
        say(f"{failed}: {type(error).__name__}: {error}")
        say("COACH_TRACE=1 before the command shows where; please report it with the course.")
        return BROKEN
    return code if isinstance(code, int) else 0


def open_closed_streams() -> None:
    """Put nothing in place of each standard stream that the caller has closed: whatever is opened
    next would take its number, and be read or printed to."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= LAST_STREAM:
        os.set_inheritable(number, True)
    os.close(number)
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open(encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")


def say(text: str) -> None:
    encoding = sys.stderr.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=sys.stderr)


def leave(code: int) -> Any:
    """End a verb with this exit code."""
    raise click.exceptions.Exit(code)
