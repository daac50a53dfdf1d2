"""The web application: the API under `/api`, health and metrics, and the page at `/`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import anyio
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api import problem
from api.frames import FrameReader
from api.gauge import Gauge
from api.hub import Hub
from api.live import Live
from api.page_files import mount_page
from api.parts import Parts
from api.routes import frames, health, highlights, live, runs, sql, streams, topics, why
from api.sounds import Sounds
from api.store import Clickhouse, Store
from api.streams import Cached
from api.watermarks import Watermarks
from connectors.objects import ObjectStore
from topics.connection import Connection
from topics.fetch import Fetcher
from topics.registry import Serde

ABOUT = "Ask framelog: streams, records, highlights, clips, pictures, SQL, and what is happening now."


def create_app(
    connection: Connection,
    clickhouse: Clickhouse,
    objects: ObjectStore,
    supervisor_state: Path | None = None,
    page_dir: Path | None = None,
) -> FastAPI:
    """The application. It starts without any of its parts being there, says which is away, and recovers.

    `supervisor_state` is the file in which a supervisor tells of its processes; `page_dir` the built page.
    """
    serde, hub = Serde(connection), Hub()
    store = Store(clickhouse)
    parts = Parts(
        connection, serde, store, Cached(store), Watermarks(store), objects, FrameReader(connection, serde),
        Fetcher(connection), Sounds(), Gauge(connection), hub,
        Live(connection, serde, hub), supervisor_state, page_dir,
    )  # fmt: skip

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        parts.gauge.start()
        parts.live.start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(close, parts)

    app = FastAPI(
        title="framelog", version=version("framelog"), description=ABOUT, lifespan=lifespan,
        generate_unique_id_function=_operation, responses=problem.RESPONSES, redoc_url=None, docs_url=None,
    )  # fmt: skip
    app.state.parts = parts
    problem.install(app)
    for module in (streams, highlights, frames, sql, topics, live, runs, health, why):
        app.include_router(module.router)
    mount_page(app, page_dir)
    return app


def _operation(route: APIRoute) -> str:
    return route.name


def close(parts: Parts) -> None:
    """Stops threads and gives connections back."""
    parts.live.close()
    parts.gauge.close()
    parts.frames.close()
    parts.fetcher.close()
    parts.serde.close()
    parts.store.close()
