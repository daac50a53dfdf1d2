"""What is happening now, pushed: by WebSocket, and by server-sent events for whoever has no WebSocket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from api.parts import Parts, parts, parts_of

router = APIRouter(prefix="/api", tags=["live"])
TRY_AGAIN_LATER = 1013


@router.websocket("/live")
async def live(socket: WebSocket, stream: str = "") -> None:
    """A JSON list of messages `{type, noun, stream, record}` whenever something happened, at most 20 times a
    second. `state` (tracks, emotions, sounds, fused): only the newest; `item` (speech, events, clips, streams):
    may be lost to a slow reader, who gets `lost`; `highlight`: never lost. An empty list is a sign of life.
    """
    await socket.accept()
    telling = asyncio.ensure_future(_tell(socket, stream))
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass  # nothing is asked of us; a server that stops tells it here as well
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _tell(socket: WebSocket, stream: str) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        async for batch in parts_of(socket).hub.listen(stream):
            await socket.send_bytes(orjson.dumps(batch.messages))
        await socket.close(TRY_AGAIN_LATER, "closing, or you were too slow: ask /api/highlights and come again")


@router.get("/live/sse", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live_sse(
    p: Annotated[Parts, Depends(parts)],
    stream: str = "",
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """The same as server-sent events: each event's data is such a list; a comment is a sign of life. Who comes
    back with Last-Event-ID gets the highlights and items said meanwhile; `lost` says that not all are known.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(p, stream, last_event_id), media_type="text/event-stream", headers=headers)


async def _events(p: Parts, stream: str, after: str) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async for batch in p.hub.listen(stream, after):
        if batch.messages:
            yield b"id: " + batch.id.encode() + b"\ndata: " + orjson.dumps(batch.messages) + b"\n\n"
        else:
            yield b": alive\n\n"
