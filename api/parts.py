"""What the routes work with, made once for each app."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from fastapi import Request
from starlette.requests import HTTPConnection

from api.frames import DO, FrameReader
from api.gauge import Gauge
from api.hub import Hub
from api.live import Live
from api.problem import away
from api.sounds import Sounds
from api.store import Store
from api.streams import Cached
from api.watermarks import Watermarks
from connectors.objects import ObjectStore
from topics.connection import Connection
from topics.fetch import Fetcher
from topics.registry import Serde


@dataclass(frozen=True, slots=True)
class Parts:
    """Clients of everything that the API asks."""

    connection: Connection
    serde: Serde
    store: Store
    streams: Cached
    watermarks: Watermarks
    objects: ObjectStore
    frames: FrameReader
    fetcher: Fetcher
    sounds: Sounds
    gauge: Gauge
    hub: Hub
    live: Live
    supervisor_state: Path | None
    page_dir: Path | None


def parts(request: Request) -> Parts:
    """The parts of the app that answers this request."""
    return parts_of(request)


def need_broker(p: Parts) -> None:
    """503 at once while the broker is known to be away, instead of after its timeouts."""
    if p.gauge.why:
        raise away("broker", p.gauge.why, DO)


def parts_of(connection: HTTPConnection) -> Parts:
    """The same for a request or a WebSocket."""
    return cast("Parts", connection.app.state.parts)
