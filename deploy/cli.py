"""The command line: every command by the module that holds it."""

import sys

import typer

from deploy.commands import ask, feed, log, parts, running
from deploy.settings import NotRunning

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="framelog understands live video and sound, from a log that can be replayed.",
)

START = "Start and stop"
LOOK = "Look"
FEED = "Feed and run parts"
for panel, commands in {
    START: (running.demo, running.up, running.down, running.status, running.doctor, running.setup),
    LOOK: (ask.streams, ask.highlights, ask.clips, ask.sql, log.topics, log.route, log.tail, running.models,
           running.settings),
    FEED: (feed.ingest, parts.work, parts.sink, parts.serve, parts.registry, parts.store),
}.items():  # fmt: skip
    for command in commands:
        app.command(rich_help_panel=panel)(command)


def main() -> None:
    """Entry point: what a user can mend is one line, never a traceback."""
    from confluent_kafka import KafkaException

    try:
        app()
    except NotRunning as error:
        sys.exit(f"framelog: {error}")
    except KafkaException as error:
        sys.exit(f"framelog: Kafka: {error.args[0].str() if error.args else error}")
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
