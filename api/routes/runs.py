"""Which runs there are."""

from typing import Annotated

from confluent_kafka import KafkaException
from fastapi import APIRouter, Depends

from api.frames import DO, words
from api.parts import Parts, need_broker, parts
from api.problem import Problem, away
from api.shapes.runs import RunNoun, RunPart, RunRecord, RunRow
from connectors.runs.ledger import runs
from connectors.runs.record import Run, Used
from topics.names import LIVE
from topics.read import existing
from topics.route import ROUTE

router = APIRouter(prefix="/api", tags=["runs"])
SEEN = "SELECT DISTINCT run FROM {db}.fused UNION DISTINCT SELECT DISTINCT run FROM {db}.highlights"


@router.get("/runs")
def get_runs(p: Annotated[Parts, Depends(parts)]) -> list[RunRow]:
    """Live first, then replays as they were planned, then whatever else has rows in the store. A run's records are
    asked for with `run=NAME` of any other question.
    """
    known = written(p)
    stored = {row["run"] for row in p.store.ask(SEEN.format(db=p.store.place.log_database))}
    others = sorted(stored - {LIVE} - known.keys())
    return [bare(LIVE, LIVE), *(told(run) for run in known.values()), *(bare(name, "unknown") for name in others)]


@router.get("/runs/{name}")
def get_run(p: Annotated[Parts, Depends(parts)], name: str) -> RunRecord:
    """What is written down of a replay: its settings, its models, what it said and whether live said the same."""
    known = written(p)
    if name not in known:
        raise Problem(
            404, f"nothing is written down of a run {name}", "`framelog runs` lists those that there are"
        )
    return record(known[name])


def written(p: Parts) -> dict[str, Run]:
    """Replays by name, as the log has them."""
    need_broker(p)
    try:
        return runs(p.connection) if existing(p.connection, [p.connection.names.runs]) else {}
    except KafkaException as error:
        raise away("broker", words(error), DO) from error


def record(run: Run) -> RunRecord:
    """A run's record as the page shows it."""
    return RunRecord(
        run.name, run.state, [RunPart(p.stream_id, p.session_id, p.from_us, p.until_us) for p in run.passages],
        list(run.stations), run.profile, list(run.asked), run.config, run.fps, run.hold, run.local, run.build,
        run.who, run.planned_at, run.finished_at, run.seconds, max(run.lag.values(), default=0),
        [said(run, noun) for noun in run.said],
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
