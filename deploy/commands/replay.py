"""`framelog replay`: a stretch of the log once more through the stations."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer
from msgspec import to_builtins

from connectors.runs.record import BadRun, checked_name
from deploy import settings as configured
from deploy.commands.reach import prepared_log
from deploy.commands.shared import (
    DataOption,
    JsonOption,
    console,
    fail,
    print_json,
    stoppable,
)
from deploy.replay.show import Bar, show
from deploy.settings import Profile
from deploy.terminal import styled

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
    from deploy.replay.planning import continued, plan, told
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
            with stoppable(), Bar(name, as_json) as bar:
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
