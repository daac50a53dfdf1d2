"""The command line: every command by the module that holds it."""

import os
import sys

import typer

from deploy.commands import ask, diff, end, feed, hold, log, parts, replay, running, runs, why
from deploy.commands import rebuild as rebuilding
from deploy.commands import verify as verifying
from deploy.commands.dlq import app as dlq
from deploy.commands.shared import fail
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
AGAIN = "Replay and check"
for panel, commands in {
    START: (running.demo, running.up, running.down, running.status, running.doctor, running.setup),
    LOOK: (
        ask.streams,
        ask.highlights,
        ask.clips,
        ask.sql,
        log.topics,
        log.route,
        log.tail,
        running.models,
        running.settings,
    ),
    AGAIN: (
        replay.replay,
        runs.runs,
        diff.diff,
        rebuilding.rebuild,
        verifying.verify,
        why.why,
        hold.hold,
    ),
    FEED: (feed.ingest, end.end, parts.work, parts.sink, parts.serve, parts.registry, parts.store),
}.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(hold.holds, name="holds", rich_help_panel=AGAIN)
app.add_typer(dlq, name="dlq", rich_help_panel=AGAIN)


def main() -> None:
    """Entry point: whatever goes wrong is one line, never a traceback (unless FRAMELOG_TRACEBACK asks for it)."""
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
        sys.exit(0)
    except Exception as error:
        if os.environ.get("FRAMELOG_TRACEBACK", "").lower() in ("1", "true", "yes", "on"):
            raise
        fail(told(error))
        sys.exit(1)


def told(error: Exception) -> str:
    """What an error says to a user."""
    from confluent_kafka import KafkaError, KafkaException

    if isinstance(error, NotRunning):
        return str(error)
    if isinstance(error, KafkaException):
        first = error.args[0] if error.args else error
        return f"Kafka: {first.str() if isinstance(first, KafkaError) else first}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}"
    return f"{type(error).__name__}: {error} (FRAMELOG_TRACEBACK=1 shows where)"


if __name__ == "__main__":
    main()
