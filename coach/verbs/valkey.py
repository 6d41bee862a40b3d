"""`valkey`: runs a Valkey for several processes of a site, until Ctrl-C."""

import click

from coach.events import next_event, requests_to_end
from coach.evidence import CoachError
from coach.valkey import running

PORT = click.IntRange(0, 65_535)


@click.command()
@click.option("--port", type=PORT, default=0, help="The port; without it, one that is free.")
def command(port: int) -> None:
    """Run a Valkey on 127.0.0.1 until Ctrl-C, and say how a site is told of it."""
    with requests_to_end() as events, running(port) as server:
        say_how_to_use(server.url)
        while not next_event(events):
            if not server.is_running:
                raise CoachError(f"Valkey ended by itself: {server.last_words()}")


def say_how_to_use(url: str) -> None:
    click.echo(f"REDIS_URL={url}")
    click.echo("Start the site with that in its environment, in as many terminals as you like:")
    for shell, setting in (
        ("Linux, macOS", f"export REDIS_URL={url}"),
        ("PowerShell", f'$env:REDIS_URL = "{url}"'),
        ("cmd", f"set REDIS_URL={url}"),
    ):
        click.echo(f"    {shell:14}{setting}")
    click.echo("Nothing is kept on disk. Ctrl-C ends it.")
