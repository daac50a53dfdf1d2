"""Which runs there are."""

from typing import Annotated

from confluent_kafka import KafkaException
from fastapi import APIRouter, Depends

from api.frames import DO, words
from api.parts import Parts, need_broker, parts
from api.problem import away
from api.shapes.runs import RunRow
from connectors.runs.ledger import runs
from connectors.runs.record import Run
from topics.names import LIVE
from topics.read import existing

router = APIRouter(prefix="/api", tags=["runs"])
SEEN = "SELECT DISTINCT run FROM {db}.fused UNION DISTINCT SELECT DISTINCT run FROM {db}.highlights"


@router.get("/runs")
def get_runs(p: Annotated[Parts, Depends(parts)]) -> list[RunRow]:
    """Live first, then replays as they were planned, then whatever else has rows in the store. A run's records are
    asked for with `run=NAME` of any other question.
    """
    need_broker(p)
    topic = p.connection.names.runs
    try:
        known = runs(p.connection) if existing(p.connection, [topic]) else {}
    except KafkaException as error:
        raise away("broker", words(error), DO) from error
    stored = {row["run"] for row in p.store.ask(SEEN.format(db=p.store.place.log_database))}
    others = sorted(stored - {LIVE} - known.keys())
    return [bare(LIVE, LIVE), *(told(run) for run in known.values()), *(bare(name, "unknown") for name in others)]


def bare(name: str, state: str) -> RunRow:
    """A run of which nothing is written down."""
    return RunRow(name, state, "", [], [], "", "", "", "", {})


def told(run: Run) -> RunRow:
    """A run as its record has it."""
    return RunRow(
        run.name, run.state, run.stream, [p.session_id for p in run.passages], list(run.stations), run.planned_at,
        run.finished_at, run.who, run.build, {noun: o.records for noun, o in run.said.items()},
    )  # fmt: skip
