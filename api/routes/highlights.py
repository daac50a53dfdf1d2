"""Highlights, their clips and posters."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response

from api.parts import Parts, parts
from api.problem import Problem, away
from api.ranges import Unsatisfiable, matches, wanted
from api.shapes.moments import ClipRow, HighlightRow, Reason
from api.shapes.timeline import Place
from api.store import Row
from api.streams import utc
from connectors.objects import BadKey
from topics.names import LIVE

router = APIRouter(prefix="/api", tags=["highlights"])
P = Annotated[Parts, Depends(parts)]
LIMIT = Annotated[int, Query(ge=1, le=10_000)]
MEDIA_HEADERS = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=31536000, immutable"}


@router.get("/highlights")
def get_highlights(
    p: P, stream: str = "", session: str = "", run: str = LIVE, text: str = "", limit: LIMIT = 500
) -> list[HighlightRow]:
    """Highlights, newest first, with their clips where those are made; `text` searches titles and reasons."""
    db = p.store.place.database
    where = "h.run = {run:String} AND NOT h.end AND h.status = 'ok'"
    where += " AND h.stream_id = {stream:String}" if stream else ""
    where += " AND h.session_id = {session:String}" if session else ""
    if text:
        where += (
            " AND (positionCaseInsensitiveUTF8(h.title, {text:String}) > 0 OR arrayExists("
            "r -> positionCaseInsensitiveUTF8(concat(r.kind, ' ', r.text), {text:String}) > 0, h.reasons))"
        )
    rows = p.store.ask(
        f"SELECT h.id AS id, h.stream_id AS stream_id, h.session_id AS session_id, h.pts_us AS pts_us, "  # noqa: S608
        f"h.start_us AS start_us, h.end_us AS end_us, h.peak_us AS peak_us, h.score AS score, h.title AS title, "
        f"h.reasons AS reasons, h.frame AS frame, toString(h.recorded_at, 'UTC') AS recorded, c.key AS key, "
        f"c.poster_key AS poster_key, c.bytes AS bytes, c.missing AS missing FROM {db}.highlights AS h LEFT JOIN "
        f"(SELECT highlight_id, key, poster_key, bytes, if(key = '', reason, missing) AS missing FROM {db}.clips "
        f"WHERE run = {{run:String}} AND NOT end) AS c "
        f"ON c.highlight_id = h.id WHERE {where} ORDER BY h.recorded_at DESC, h.start_us DESC "
        "LIMIT {limit:UInt32}",
        {"run": run, "stream": stream, "session": session, "text": text, "limit": limit},
    )
    return [_highlight(row) for row in rows]


def _highlight(row: Row) -> HighlightRow:
    return HighlightRow(
        row["id"], row["stream_id"], row["session_id"], row["pts_us"], row["start_us"], row["end_us"],
        row["peak_us"], row["score"], row["title"],
        [Reason(r["kind"], r["weight"], r["at_us"], r["text"]) for r in row["reasons"]],
        _place(row["frame"], row["peak_us"]), utc(row["recorded"]),
        f"/api/clips/{row['id']}.mp4" if row["key"] else None,
        f"/api/clips/{row['id']}.jpg" if row["poster_key"] else None,
        row["bytes"] or 0, row["missing"] or "",
    )  # fmt: skip


def _place(ref: Any, pts_us: int) -> Place | None:
    """A Ref that says nothing has no topic."""
    return Place(pts_us, ref["topic"], ref["partition"], ref["offset"]) if ref and ref["topic"] else None


@router.get("/clips")
def get_clips(p: P, stream: str = "", session: str = "", run: str = LIVE, limit: LIMIT = 500) -> list[ClipRow]:
    """Clips in the object store, newest first."""
    where = "run = {run:String} AND NOT end AND status = 'ok' AND key != ''"
    where += " AND stream_id = {stream:String}" if stream else ""
    where += " AND session_id = {session:String}" if session else ""
    rows = p.store.ask(
        f"SELECT highlight_id, stream_id, session_id, start_us, end_us, bytes, sha256, poster_key, "  # noqa: S608
        f"missing FROM {p.store.place.database}.clips WHERE {where} ORDER BY recorded_at DESC, start_us DESC "
        "LIMIT {limit:UInt32}",
        {"run": run, "stream": stream, "session": session, "limit": limit},
    )
    return [_clip_row(row) for row in rows]


def _clip_row(row: Row) -> ClipRow:
    at = f"/api/clips/{row['highlight_id']}"
    poster = f"{at}.jpg" if row["poster_key"] else None
    return ClipRow(
        row["highlight_id"], row["stream_id"], row["session_id"], row["start_us"], row["end_us"], row["bytes"],
        row["sha256"], f"{at}.mp4", poster, row["missing"],
    )  # fmt: skip


@router.head("/clips/{highlight_id}.mp4", include_in_schema=False)
@router.get(
    "/clips/{highlight_id}.mp4", response_class=Response,
    responses={200: {"content": {"video/mp4": {}}}, 206: {"description": "a range"}},
)  # fmt: skip
def get_clip(
    p: P,
    highlight_id: str,
    range_: Annotated[str | None, Header(alias="range")] = None,
    if_none_match: Annotated[str | None, Header()] = None,
    download: bool = False,
) -> Response:
    """The clip of a highlight; byte ranges and If-None-Match are honoured. `download` names it as a file."""
    row = _clip(p, highlight_id)
    extra = {"Content-Disposition": f'attachment; filename="{highlight_id}.mp4"'} if download else {}
    return _media(p, row["key"], "video/mp4", row["sha256"], range_, if_none_match, extra)


@router.head("/clips/{highlight_id}.jpg", include_in_schema=False)
@router.get("/clips/{highlight_id}.jpg", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def get_poster(p: P, highlight_id: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """The poster of a highlight."""
    row = _clip(p, highlight_id)
    if not row["poster_key"]:
        raise Problem(404, f"the clip of {highlight_id} has no poster", "the stream has no picture")
    return _media(p, row["poster_key"], "image/jpeg", f"{row['sha256']}-jpg", None, if_none_match, {})


def _clip(p: Parts, highlight_id: str) -> Row:
    rows = p.store.ask(
        f"SELECT key, poster_key, sha256 FROM {p.store.place.database}.clips "  # noqa: S608
        "WHERE highlight_id = {id:String} AND key != '' LIMIT 1",
        {"id": highlight_id},
    )
    if not rows:
        raise Problem(404, f"there is no clip of {highlight_id} yet", "a clip follows its highlight by seconds")
    return rows[0]


def _media(
    p: Parts, key: str, media_type: str, version: str, range_: str | None, theirs: str | None,
    extra: dict[str, str],
) -> Response:  # fmt: skip
    """An object or a range of it. Objects never change, so the record's sha256 is their version."""
    headers = {**MEDIA_HEADERS, "ETag": f'"{version}"', **extra}
    if matches(theirs, headers["ETag"]):
        return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    try:
        size = p.objects.size(key)
        span = wanted(range_, size)
        if span is None:
            return Response(p.objects.read(key, 0, size), HTTPStatus.OK, headers, media_type)
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
        return Response(
            p.objects.read(key, span.start, span.stop), HTTPStatus.PARTIAL_CONTENT, headers, media_type
        )
    except Unsatisfiable:
        raise Problem(416, f"the object has {size} bytes, not {range_}", "ask for bytes within it") from None
    except (FileNotFoundError, BadKey):
        raise Problem(
            404, f"{key} is not in the object store", "it was deleted there; the record remains"
        ) from None
    except OSError as error:
        raise away("objects", str(error), "see FRAMELOG_OBJECTS, or whether the data folder is mounted") from error
