"""Commands of runs: replay, and runs with show and rm."""

import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from msgspec import to_builtins

from connectors.runs.record import BadRun, Run, checked_name, differs
from deploy import settings as configured
from deploy.commands.reach import prepared_log
from deploy.commands.shared import (
    DataOption,
    JsonOption,
    console,
    fail,
    print_json,
    print_rows,
    sigterm_as_interrupt,
)
from deploy.replay.show import Bar, show
from deploy.settings import Profile, Settings
from deploy.terminal import styled
from topics.connection import Connection
from topics.names import LIVE

StreamOption = Annotated[str, typer.Option("--stream", help="Which stream.")]


def replay(
    stream: StreamOption,
    run: Annotated[str, typer.Option("--run", help="What the run is called.")],
    session: Annotated[str | None, typer.Option(help="One session of it.", show_default="all")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="From this stream time on: 83.5 or 1:23.5.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Up to this stream time.")] = None,
    offsets: Annotated[
        list[str] | None, typer.Option(help="A part by offsets: NOUN:FIRST-END, any number of times.")
    ] = None,
    from_station: Annotated[
        str | None, typer.Option("--from-station", help="Begin at this station; what it reads is live's.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Make the frames again from the logged packets, so many a second.")
    ] = None,
    hold: Annotated[
        str | None, typer.Option("--hold", help="Read this hold instead of the log; in this process.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a tunable: STATION.TUNABLE=VALUE, any number of times."),
    ] = None,
    profile: Annotated[Profile | None, typer.Option(help="Other models than live's.")] = None,
    local: Annotated[
        bool, typer.Option("--local", help="In this process instead of stations' processes.")
    ] = False,
    rows: Annotated[bool, typer.Option("--rows/--no-rows", help="Rows in ClickHouse as well.")] = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a stretch of the log through the stations again, with the same or other models; live goes on untouched.

    The same command goes on with a run that was broken off.

    Example: framelog replay --stream door --run strict --set detections.min_score=0.5
    """
    from connectors.holds import BadHold, manifest_of
    from connectors.runs.plan import stations
    from connectors.sources.address import SourceError
    from deploy.commands.parts import objects_of
    from deploy.replay.chosen import from_hold, from_log, held_part
    from deploy.replay.group import RunFailed
    from deploy.replay.planning import plan, told
    from deploy.replay.play import Player, Ways
    from deploy.supervisor import SupervisorFault

    if fps == 0:
        raise fail("--fps 0 would make no pictures: say more, or leave it out to take those of the log", 2)
    settings = configured.load(data=data)
    live = prepared_log(settings)
    try:
        asked = replace(asked_of(stream, session, from_, to, from_station, offsets or ()), fps=fps or 0.0)
        name = checked_name(run)
        with console.status(f"planning {name}"):
            objects = objects_of(settings)
            if hold is None:
                chosen = from_log(asked, live, stations(asked))
            else:
                manifest = manifest_of(objects, hold)
                asked = held_part(asked, manifest)
                chosen = from_hold(asked, manifest, live, stations(asked))
            made, cores = plan(name, asked, chosen, settings, os.environ, set_ or (), profile, hold or "")
            made, done = continued(live, made)
        if not (as_json or done):
            for station, model in made.models.items():
                console.print(styled("  {}: [dim]{}[/]", station, told(model)), highlight=False)
        if not done:
            with sigterm_as_interrupt(), Bar(name, as_json) as bar:
                ways = Ways(local or hold is not None, rows, objects)
                made = Player(settings, live, cores, chosen.length_us, bar.tell, ways).play(made)
    except (BadRun, BadHold, SourceError, RunFailed, SupervisorFault) as error:
        raise fail(str(error), 2 if isinstance(error, BadRun | BadHold) else 1) from error
    except KeyboardInterrupt:
        raise fail(f"run {run} was stopped: the same command goes on with it", 130) from None
    if as_json:
        print_json(to_builtins(made))
        return
    if done:
        console.print(f"run {name} was done before: `framelog runs rm {name}` forgets it")
    show(made, chosen.length_us)


def asked_of(
    stream: str,
    session: str | None,
    since: str | None,
    until: str | None,
    station: str | None,
    offsets: Sequence[str],
) -> Any:
    """What was asked for; BadRun for times that are none."""
    from connectors.runs.plan import Asked, offsets_of
    from deploy.replay.times import BadTime, stream_us

    try:
        return Asked(
            stream, session, None if since is None else stream_us(since),
            None if until is None else stream_us(until), station, offsets_of(offsets),
        )  # fmt: skip
    except BadTime as error:
        raise BadRun(str(error)) from error


def continued(live: Any, made: Run) -> tuple[Run, bool]:
    """The run as it is known, where it was planned before; whether it is done. BadRun where it is another one."""
    from connectors.runs.ledger import runs as known_runs

    known = known_runs(live).get(made.name)
    if known is None:
        return made, False
    part = differs(known, made)
    if part is not None:
        raise BadRun(
            f"there is a run {made.name} already, with other {part}: choose another --run, or `framelog runs rm "
            f"{made.name}`"
        )
    return known, known.state == "done"


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
