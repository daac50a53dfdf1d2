"""Pictures, straight out of the log."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response

from api.frames import Picture
from api.parts import Parts, need_broker, parts
from api.problem import Problem
from api.ranges import matches

router = APIRouter(prefix="/api", tags=["frames"])
P = Annotated[Parts, Depends(parts)]
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}


@router.get("/frames/{topic}/{partition}/{offset}", response_class=Response, responses=JPEG)
def get_frame_by_offset(
    p: P, topic: str, partition: int, offset: int, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """The JPEG at a place in the frames topic. What lies at an offset never changes."""
    need_broker(p)
    if topic != p.frames.topic:
        raise Problem(404, f"pictures are in {p.frames.topic}, not in {topic}", "take the place from a record")
    etag = f'"{partition}-{offset}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=21600, immutable"}
    if matches(if_none_match, etag):
        return Response(None, 304, headers)
    return _jpeg(p, p.frames.read(partition, offset), headers)


@router.get("/frame", response_class=Response, responses=JPEG)
def get_frame_by_time(p: P, stream: str, session: str, pts_us: int) -> Response:
    """The frame nearest to a stream time; X-Frame-Place and X-Frame-Pts-Us say which it is."""
    need_broker(p)
    rows = p.store.ask(
        f"SELECT partition, offset FROM {p.store.place.log_database}.frames WHERE stream_id = {{stream:String}} "  # noqa: S608
        "AND session_id = {session:String} AND NOT end "
        "AND pts_us BETWEEN {at:Int64} - 5000000 AND {at:Int64} + 5000000 "
        "ORDER BY abs(pts_us - {at:Int64}) LIMIT 1",
        {"stream": stream, "session": session, "at": pts_us},
    )
    if not rows:
        raise Problem(404, f"no frame of {stream} within 5 s of {pts_us} µs", "see /api/streams for what there is")
    return _jpeg(p, p.frames.read(rows[0]["partition"], rows[0]["offset"]), {"Cache-Control": "no-cache"})


def _jpeg(p: Parts, picture: Picture, headers: dict[str, str]) -> Response:
    frame = picture.frame
    headers |= {
        "X-Frame-Place": f"{p.frames.topic}/{picture.partition}/{picture.offset}",
        "X-Frame-Pts-Us": str(frame.pts_us),
    }
    return Response(frame.image, 200, headers, "image/jpeg")
