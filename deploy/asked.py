"""What two runs ran with: a replay as it was planned, live as it was when it said what is compared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaException

from connectors.diff.survey import Survey
from connectors.runs.live import Held, during, history
from connectors.runs.record import Run
from topics.connection import Connection
from topics.names import LIVE
from topics.read import PASSING
from topics.route import BY_STATION


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of one run. plan: profile, build, stations, stretch, and in `set` the tunables that are not at
    their defaults; None where nothing was written down. config: every tunable by station, as far as it is known.
    notes: what a reader should know of it, in sentences.
    """

    plan: dict[str, Any] | None = None
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def asked(connection: Connection, name: str, survey: Survey) -> Side:
    """What a run ran with when it said what was surveyed."""
    from connectors.runs.ledger import runs

    try:
        if name == LIVE:
            return live(history(connection), survey)
        run = runs(connection).get(name)
    except KafkaException as error:
        if error.args[0].code() in PASSING:  # a log from before there were runs
            return Side()
        raise
    return Side() if run is None else planned(run)


def planned(run: Run) -> Side:
    """A run as its plan has it."""
    stretches = [[p.stream_id, p.session_id, p.from_us, p.until_us] for p in run.passages]
    return Side(_plan(run.profile, run.build, run.planned_at, run.config, stretches), run.config)


def live(changes: Mapping[str, tuple[Held, ...]], survey: Survey) -> Side:
    """Live as it was while it said what was surveyed; where that changed meanwhile, as it was at the end."""
    found: dict[str, Held] = {}
    changed_at, unknown = list[str](), list[str]()
    for station, mine in changes.items():
        held = [during(mine, *span) for span in spans(station, survey)]
        every = {h.key: h for some in held for h in some}
        if len(every) > 1:
            changed_at.append(station)
        if any(not h or h[0].since_ms > start for h, (start, _) in zip(held, spans(station, survey), strict=True)):
            unknown.append(station)
        if every:
            found[station] = max(every.values(), key=lambda h: h.since_ms)
    notes = []
    if changed_at:
        notes.append(f"live: settings of {', '.join(changed_at)} changed in between; told are the last")
    if unknown and found:
        notes.append(f"live: what {', '.join(unknown)} ran with was not written down for all of it")
    if not found:
        return Side()
    config = {station: held.setting.config for station, held in found.items()}
    since_ms = max(held.since_ms for held in found.values())
    profile, build = (
        ", ".join(sorted({getattr(h.setting, name) for h in found.values()})) for name in ("profile", "build")
    )
    return Side(_plan(profile, build, iso(since_ms), config, []), config, tuple(notes))


def spans(station: str, survey: Survey) -> list[tuple[int, int]]:
    """From when to when (ms) a station of live worked on each session: by its own records where they were
    surveyed, else by all that were.
    """
    noun = BY_STATION[station].writes.noun if station in BY_STATION else station
    found = []
    for told in survey.values():
        mine = [told[noun]] if noun in told else list(told.values())
        if mine:
            found.append((min(t.from_ms for t in mine), max(t.until_ms for t in mine)))
    return found


def apart(a: Side, b: Side) -> list[dict[str, Any]]:
    """Settings in which two runs differ, of the stations that both ran by themselves: path and both values."""
    if a.plan is None or b.plan is None:
        return []
    found = [(name, a.plan[name], b.plan[name]) for name in ("profile", "build")]
    rows = [row for row in found if row[1] != row[2]]
    for station, config in a.config.items():
        if station in b.config:
            rows += differing(station, config, b.config[station])
    return [{"path": path, "a": one, "b": other} for path, one, other in rows]


def iso(at_ms: int) -> str:
    """A time of the log's clock as people write it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat("T", "milliseconds")


def _plan(
    profile: str, build: str, planned_at: str, config: Mapping[str, Any], stretches: Iterable[Any]
) -> dict[str, Any]:
    return {
        "profile": profile,
        "build": build,
        "planned_at": planned_at,
        "stations": list(config),
        "stretches": list(stretches),
        "set": {path: value for station in config for path, value in changed(station, config[station])},
    }


def changed(station: str, config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Tunables of a station's config that are not as they are by default, by their paths."""
    from msgspec import json

    from processors.build import default_config

    try:
        default = json.decode(json.encode(default_config(station)))  # as it is kept: lists, not tuples
    except (ImportError, ValueError):  # a station that there is no more
        default = {}
    for path, _, value in differing(station, default, config):
        yield path, value


def differing(path: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """Leaves of two nested values that differ, with both; None for what one of them does not have."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in {**one, **other}:
            yield from differing(f"{path}.{key}", one.get(key), other.get(key))
    elif one != other:
        yield path, one, other


def told(plan: Mapping[str, Any] | None) -> str:
    """A plan in a line's length; where there is none, where to look instead."""
    if plan is None:
        return "(what it ran with was not written down: what computed it is in its records, below)"
    said = [f"{path}={value}" for path, value in plan["set"].items()]
    return ", ".join([f"profile {plan['profile']}", *said])
