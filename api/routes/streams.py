"""Streams, and any record of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api.lanes import View, lanes
from api.parts import Parts, parts
from api.problem import Problem
from api.shapes.streams import Stream
from api.shapes.timeline import Lanes
from api.wire import as_json
from topics.catalog import BY_NOUN
from topics.names import LIVE

router = APIRouter(prefix="/api", tags=["streams"])
FAR_US = 1 << 62
MEDIA = {"frames", "audio", "packets"}
P = Annotated[Parts, Depends(parts)]


@router.get("/streams")
def get_streams(p: P, run: str = LIVE) -> list[Stream]:
    """Streams with their sessions, state, and how far each station has got."""
    return p.streams.ask(run)


@router.get("/records/{noun}", response_model=list[dict[str, Any]])
def get_records(
    p: P,
    noun: str,
    stream: str = "",
    session: str = "",
    run: str = LIVE,
    id: str = "",
    from_us: int = -FAR_US,
    to_us: int = FAR_US,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """Records of a noun by stream time, as ClickHouse has them (media as sizes), first ones first; end marks
    are left out. `id` asks for one record.
    """
    if noun not in BY_NOUN:
        raise Problem(404, f"there are no {noun}", f"ask for one of {', '.join(BY_NOUN)}")
    where = "pts_us >= {from:Int64} AND pts_us < {to:Int64} AND NOT end"
    for name, given in (("stream_id", stream), ("session_id", session), ("id", id if noun not in MEDIA else "")):
        where += f" AND {name} = {{{name}:String}}" if given else ""
    if noun not in MEDIA:
        where += " AND run = {run:String}"
    rows = p.store.ask(
        f"SELECT * FROM {p.store.place.database}.{noun} WHERE {where} "  # noqa: S608 (names are ours)
        "ORDER BY stream_id, session_id, seq LIMIT {limit:UInt32}",
        {"from": from_us, "to": to_us, "stream_id": stream, "session_id": session, "run": run, "id": id,
         "limit": limit},
    )  # fmt: skip
    return as_json(rows)


@router.get("/lanes", response_model=Lanes)
def get_lanes(
    p: P,
    stream: str,
    session: str,
    from_us: int,
    to_us: int,
    width_px: Annotated[int, Query(ge=1, le=8192)] = 1200,
    run: str = LIVE,
) -> Response:
    """Everything the timeline draws for a range, no finer than its pixels."""
    if to_us <= from_us:
        raise Problem(422, f"an empty range: {from_us} … {to_us}", "give to_us > from_us")
    return as_json(lanes(p.store, View(stream, session, run, from_us, to_us, width_px), p.watermarks))
