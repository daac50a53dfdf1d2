"""Which runs there are."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from confluent_kafka import KafkaException
from fastapi import APIRouter, Depends, Query

from api.frames import DO, words
from api.parts import Parts, need_broker, parts
from api.problem import Problem, away
from api.shapes.runs import RunHeld, RunNoun, RunPart, RunRecord, RunRow
from connectors.clickhouse.as_of import BadTime, instant
from connectors.runs.ledger import everything, runs
from connectors.runs.live import Held, History, as_of, history
from connectors.runs.record import Run, Used
from topics.connection import Connection
from topics.names import LIVE
from topics.read import existing
from topics.route import ROUTE

T = TypeVar("T")
router = APIRouter(prefix="/api", tags=["runs"])
SEEN = "SELECT DISTINCT run FROM {db}.fused UNION DISTINCT SELECT DISTINCT run FROM {db}.highlights"


@router.get("/runs")
def get_runs(p: Annotated[Parts, Depends(parts)]) -> list[RunRow]:
    """Live first, then replays as they were planned, then whatever else has rows in the store. A run's records are
    asked for with `run=NAME` of any other question.
    """
    known, changes = logged(p, everything) or ({}, {})
    holds = as_of(changes)
    stored = {row["run"] for row in p.store.ask(SEEN.format(db=p.store.place.log_database))}
    others = sorted(stored - {LIVE} - known.keys())
    return [live_row(holds), *(told(run) for run in known.values()), *(bare(name, "unknown") for name in others)]


@router.get("/runs/{name}")
def get_run(
    p: Annotated[Parts, Depends(parts)],
    name: str,
    at: Annotated[
        str | None, Query(alias="as_of", description="Of live, what it ran with then: ISO 8601, or -10m.")
    ] = None,
) -> RunRecord:
    """What is written down of a replay: its settings, its models, what it said and whether live said the same. Of
    live: what its stations ran with, every change or as of a time.
    """
    if name == LIVE:
        return live_record(p, at)
    known = written(p)
    if name not in known:
        raise Problem(
            404, f"nothing is written down of a run {name}", "`framelog runs` lists those that there are"
        )
    return record(known[name])


def written(p: Parts) -> dict[str, Run]:
    """Replays by name, as the log has them."""
    return logged(p, runs) or {}


def lived(p: Parts) -> History:
    """What live ran with, as the log has it."""
    return logged(p, history) or {}


def logged(p: Parts, question: Callable[[Connection], T]) -> T | None:
    """What the log says of runs; None where it knows of none."""
    need_broker(p)
    try:
        return question(p.connection) if existing(p.connection, [p.connection.names.runs]) else None
    except KafkaException as error:
        raise away("broker", words(error), DO) from error


def live_record(p: Parts, at: str | None) -> RunRecord:
    """What live ran with: every change, or what held at a time."""
    known = lived(p)
    try:
        then = None if at is None else round(instant(at, datetime.now(UTC)).timestamp() * 1000)
    except BadTime as wrong:
        raise Problem(422, str(wrong), "write it so, or leave as_of out") from None
    holds = as_of(known, then)
    if not holds:
        raise Problem(
            404, "nothing is written down of what live ran with", "its stations write it when they start"
        )
    row = live_row(holds)
    shown = [
        held(one, following)
        for station, mine in known.items()
        for one, following in zip(mine, [*mine[1:], None], strict=True)
        if then is None or one == holds.get(station)
    ]
    config = {station: h.setting.config for station, h in holds.items()}
    return RunRecord(
        LIVE, LIVE, [], list(holds), ", ".join(sorted({h.setting.profile for h in holds.values()})),
        [word for h in holds.values() for word in h.setting.asked], config, 0, "", False, row.build, row.who,
        row.planned_at, "", 0, 0, [], shown,
    )  # fmt: skip


def live_row(holds: Mapping[str, Held]) -> RunRow:
    """Live, with what holds of it; as good as bare where nothing is written down."""
    latest = max(holds.values(), key=lambda h: h.since_ms, default=None)
    if latest is None:
        return bare(LIVE, LIVE)
    build = ", ".join(sorted({h.setting.build for h in holds.values()}))
    return RunRow(LIVE, LIVE, "", [], [], iso(latest.since_ms), "", latest.who, build, {})


def held(one: Held, following: Held | None) -> RunHeld:
    """A change of live's settings, and the one that ended it."""
    s = one.setting
    return RunHeld(
        s.station, iso(one.since_ms), "" if following is None else iso(following.since_ms), s.profile,
        list(s.asked), s.config, s.model.name, s.model.version, s.model.sha256, s.build, one.who,
    )  # fmt: skip


def iso(at_ms: int) -> str:
    """A time of the log's clock as the page reads it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def record(run: Run) -> RunRecord:
    """A run's record as the page shows it."""
    return RunRecord(
        run.name, run.state, [RunPart(p.stream_id, p.session_id, p.from_us, p.until_us) for p in run.passages],
        list(run.stations), run.profile, list(run.asked), run.config, run.fps, run.hold, run.local, run.build,
        run.who, run.planned_at, run.finished_at, run.seconds, max(run.lag.values(), default=0),
        [said(run, noun) for noun in run.said], [],
    )  # fmt: skip


def said(run: Run, noun: str) -> RunNoun:
    """What came of one noun; the model is that of the station that writes it."""
    mine, live = run.said[noun], run.live.get(noun)
    model = next((run.models[e.name] for e in ROUTE if e.writes.noun == noun and e.name in run.models), Used())
    return RunNoun(
        noun, mine.records, mine.digest, "" if live is None else "equal" if live == mine else "differs",
        None if live is None else live.records, run.rows.get(noun, ""), model.name, model.version, model.sha256,
    )  # fmt: skip


def bare(name: str, state: str) -> RunRow:
    """A run of which nothing is written down."""
    return RunRow(name, state, "", [], [], "", "", "", "", {})


def told(run: Run) -> RunRow:
    """A run as its record has it."""
    return RunRow(
        run.name, run.state, run.stream, [p.session_id for p in run.passages], list(run.stations), run.planned_at,
        run.finished_at, run.who, run.build, {noun: o.records for noun, o in run.said.items()},
    )  # fmt: skip
