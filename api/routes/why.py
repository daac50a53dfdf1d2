"""Why a record says what it says, and what was heard."""

from typing import Annotated, Any

from confluent_kafka import KafkaException
from fastapi import APIRouter, Depends, Header, Query, Response

from api.frames import DO, words
from api.parts import Parts, need_broker, parts
from api.problem import Problem, away
from api.ranges import Unsatisfiable, matches, wanted
from api.shapes.timeline import Place
from api.shapes.why import Why, WhyNode
from api.wire import as_json
from connectors.why import media, picture
from connectors.why.chain import grow, plain
from connectors.why.library import Library
from connectors.why.links import span_us
from connectors.why.wave import Piece, stretch, wav
from topics.catalog import AUDIO
from topics.fetch import At
from topics.names import LIVE

router = APIRouter(prefix="/api", tags=["why"])
P = Annotated[Parts, Depends(parts)]
WAV: dict[int | str, dict[str, Any]] = {200: {"content": {"audio/wav": {}}}, 206: {"description": "a range"}}
MOST_US = media.MOST_US
RECORD_US = 2_000_000  # a record of sound is shorter: one that begins so long before may still be heard
MOST_RECORDS = 1000


@router.get("/why/{record_id}", response_model=Why)
def get_why(p: P, record_id: str, run: str = LIVE) -> Response:
    """Everything that a record (a highlight, an event, any derived record) stands on, down to the raw log. What
    retention has deleted is in the answer, and marked.
    """
    need_broker(p)
    library = Library(p.connection, p.serde, p.fetcher, p.store.ask, p.store.place.log_database, run)
    try:
        root = library.root(record_id)
        if root is None:
            raise Problem(404, f"there is no record {record_id} in run {run}", "take the id from a record")
        chain = grow(root, library.fetch)
    except KafkaException as error:
        raise away("broker", words(error), DO) from error
    except TimeoutError as error:
        raise away("broker", str(error), DO) from error
    fields = chain.nodes[root].found.fields
    at = picture.shown(chain)
    marks = picture.marks(chain, at) if at else []
    frame = Place(span_us(fields)[0], at.topic, at.partition, at.offset) if at else None
    nodes = [WhyNode(**plain(node)) for node in chain.nodes.values()]
    return as_json(
        Why(str(root), run, fields["stream_id"], fields["session_id"], nodes, len(chain.missing), frame, marks)
    )


Range = Annotated[str | None, Header(alias="range")]
NoneMatch = Annotated[str | None, Header()]


@router.get("/sound", response_class=Response, responses=WAV)
def get_sound(
    p: P,
    stream: str,
    session: str,
    from_us: int,
    to_us: int,
    range_: Range = None,
    if_none_match: NoneMatch = None,
) -> Response:
    """What was heard in a stretch of stream time, at most two minutes: a WAV of 16 kHz, mono, 16 bit, silent where
    there is no sound. Byte ranges and If-None-Match are honoured.
    """
    if not 0 < to_us - from_us <= MOST_US:
        raise Problem(
            422, f"{from_us} … {to_us} µs is no stretch", f"give from_us < to_us, at most {MOST_US} µs apart"
        )
    need_broker(p)
    rows = p.store.ask(
        f"SELECT DISTINCT topic, partition, offset FROM {p.store.place.log_database}.audio "  # noqa: S608
        "WHERE run = 'live' AND stream_id = {stream:String} AND session_id = {session:String} AND NOT end "
        "AND pts_us > {from:Int64} AND pts_us < {to:Int64} ORDER BY pts_us LIMIT {most:UInt32}",
        {"stream": stream, "session": session, "from": from_us - RECORD_US, "to": to_us, "most": MOST_RECORDS},
    )
    if not rows:
        raise Problem(
            404, f"{stream} has no sound from {from_us} to {to_us} µs", "see the sound lane for what there is"
        )
    places = [At(r["topic"], r["partition"], r["offset"]) for r in rows]
    etag = f'"{places[0]}-{places[-1]}-{len(places)}-{from_us}-{to_us}"'
    if matches(if_none_match, etag):
        return Response(None, 304, {"ETag": etag})
    kept = p.sounds.get(etag)
    if kept is None:
        found = _pieces(p, places, session)
        if not found:
            raise Problem(
                410, f"the sound is deleted: it is kept {AUDIO.retention_ms / 3_600_000:g} h", "clips stay longer"
            )
        kept = p.sounds.keep(etag, wav(stretch(found, from_us, to_us)))
    return _part(kept, range_, etag)


@router.get("/sound/{topic}/{partition}/{offset}", response_class=Response, responses=WAV)
def get_sound_by_offset(
    p: P,
    topic: str,
    partition: int,
    offset: int,
    session: str,
    last: Annotated[int, Query(ge=-1)] = -1,
    range_: Range = None,
) -> Response:
    """The sound of one session that lies at a place of the audio topic, or from there to `last`, as a WAV."""
    need_broker(p)
    if topic != p.connection.names.topic(AUDIO):
        raise Problem(
            404, f"sound is in {p.connection.names.topic(AUDIO)}, not in {topic}", "take the place from a record"
        )
    last = max(last, offset)
    if offset < 0 or last - offset >= MOST_RECORDS:
        raise Problem(422, f"{offset} … {last} is no stretch", f"at most {MOST_RECORDS} records at once")
    found = _pieces(p, [At(topic, partition, o) for o in range(offset, last + 1)], session)
    if not found:
        raise Problem(
            410, f"no sound of {session} lies at {topic}/{partition}/{offset} (any more)", "clips are kept longer"
        )
    end_us = max(piece.pts_us + len(piece.pcm) * 500_000 // piece.rate_hz for piece in found)
    start_us = min(piece.pts_us for piece in found)
    pcm = stretch(found, start_us, min(end_us, start_us + MOST_US))
    return _part(wav(pcm), range_, f'"{topic}-{partition}-{offset}-{last}-{session}"')


def _pieces(p: Parts, places: list[At], session: str) -> list[Piece]:
    try:
        return media.pieces(p.fetcher, p.serde, places, session)
    except KafkaException as error:
        raise away("broker", words(error), DO) from error
    except TimeoutError as error:
        raise away("broker", str(error), DO) from error


def _part(content: bytes, range_: str | None, etag: str) -> Response:
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag.encode("ascii", "replace").decode(),
        "Cache-Control": "private, max-age=60",
    }
    try:
        span = wanted(range_, len(content))
    except Unsatisfiable:
        raise Problem(
            416, f"the sound has {len(content)} bytes, not {range_}", "ask for bytes within it"
        ) from None
    if span is None:
        return Response(content, 200, headers, "audio/wav")
    headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(content)}"
    return Response(content[span.start : span.stop], 206, headers, "audio/wav")
