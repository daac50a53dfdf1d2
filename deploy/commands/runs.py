"""`framelog runs`: what is known of runs and of live, and taking a run away."""

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from msgspec import to_builtins

from connectors.runs.record import BadRun, Run
from deploy import settings as configured
from deploy.commands.reach import prepared_log
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_json, print_rows
from deploy.replay.show import show
from deploy.settings import Settings
from topics.connection import Connection
from topics.names import LIVE


def runs(
    what: Annotated[str, typer.Argument(metavar="[list|show|rm]", help="What to do.")] = "list",
    name: Annotated[str | None, typer.Argument(help="Which run.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Of live, what it ran with then: -10m, or 2026-05-01T12:00:00Z."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Runs: list them, show one, remove one with its topics and rows; `show live`: what live ran with.

    Example: framelog runs show live
    """
    from connectors.runs.ledger import run_of
    from connectors.runs.ledger import runs as known_runs

    if as_of is not None and (what, name) != ("show", LIVE):
        raise fail("--as-of is for `runs show live`: other runs keep the settings that they were planned with", 2)
    settings = configured.load(data=data)
    live = prepared_log(settings)
    if (what, name) == ("show", LIVE):
        show_live(live, as_of, as_json)
        return
    if what == "list":
        rows = [
            {
                "run": r.name, "state": r.state, "stream": r.stream, "sessions": len(r.passages),
                "stations": len(r.stations), "profile": r.profile, "planned": r.planned_at, "who": r.who,
                "seconds": r.seconds, "records": sum(o.records for o in r.said.values()),
            }
            for r in known_runs(live).values()
        ]  # fmt: skip
        print_rows(rows, "runs", as_json)
        return
    if what not in ("show", "rm") or name is None:
        raise fail(f"runs {what}: say list, show NAME or rm NAME", 2)
    try:
        run = run_of(live, name)
    except BadRun as error:
        raise fail(str(error), 2) from error
    if what == "show":
        if as_json:
            print_json(to_builtins(run))
        else:
            show(run)
        return
    removed(settings, live, run, as_json)


def show_live(live: Connection, as_of: str | None, as_json: bool) -> None:
    """What live ran with, from when to when, or as of a time; ends with 1 if nothing is written down of it."""
    from connectors.clickhouse.as_of import BadTime, instant
    from deploy.ran_with import rows_of, told_row

    try:
        at = None if as_of is None else instant(as_of, datetime.now(UTC))
    except BadTime as error:
        raise fail(f"--as-of {error}", 2) from error
    rows = rows_of(live, at)
    if not rows:
        when = "" if as_of is None else " then"
        raise fail(f"nothing is written down of what live ran with{when}: its stations write it when they start")
    print_rows(rows if as_json else map(told_row, rows), "what live ran with", as_json)


def removed(settings: Settings, live: Any, run: Run, as_json: bool) -> None:
    """Removes a run and says what went."""
    import shutil

    from clickhouse_connect.driver.exceptions import ClickHouseError
    from confluent_kafka import KafkaError, KafkaException

    from connectors.clickhouse.schema import connect
    from connectors.runs.remove import remove
    from deploy.commands.ask import away, hush
    from deploy.commands.parts import store_address
    from deploy.replay.children import folder_of
    from deploy.replay.group import RunFailed, alone
    from deploy.settings import NotRunning

    hush()
    folder, busy = folder_of(settings, run.name), f"run {run.name} is at work: stop its `framelog replay` first"
    try:
        address = store_address(settings)
        # One that is played in one process is in no group: the folder tells of it, groups of those elsewhere.
        with alone(folder, run.name) if folder.is_dir() else nullcontext(), connect(address) as store:
            gone = remove(live, run, store, address.databases)
    except NotRunning as error:
        raise fail(f"its rows can not be removed: {error}") from error
    except RunFailed as error:
        raise fail(busy) from error
    except ClickHouseError as error:
        raise fail(f"its rows can not be removed: {away(settings, error)}") from error
    except KafkaException as error:
        if error.args[0].code() == KafkaError.NON_EMPTY_GROUP:
            raise fail(busy) from error
        raise
    shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        print_json({"run": run.name, "topics": gone, "at": datetime.now(UTC).isoformat("T", "seconds")})
        return
    console.print(f"run {run.name}: {len(gone)} topics and its rows are gone", highlight=False)
