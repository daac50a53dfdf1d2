"""The chain of why, and where its picture lies."""

from dataclasses import dataclass

from api.shapes.timeline import Place
from connectors.why.picture import Mark


@dataclass(frozen=True, slots=True)
class WhyNode:
    """A record of the chain. `state`: log (the log has it), store (it alone has it still), there (raw records that
    can be read), partly, missing; `why` says the reason. `stands_on` holds keys of other nodes. Raw records
    have no id and reach from `offset` to `last_offset`; `run` is the one whose record it is.
    """

    key: str
    noun: str
    id: str
    state: str
    why: str
    run: str
    start_us: int
    end_us: int
    text: str
    topic: str
    partition: int
    offset: int
    last_offset: int
    raw: bool
    stands_on: list[str]


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that a record stands on, the frame that shows it, and the boxes on that."""

    root: str
    run: str
    stream_id: str
    session_id: str
    nodes: list[WhyNode]
    missing: int
    frame: Place | None
    marks: list[Mark]
