"""Commands that are one long-running part each: what `framelog up` supervises, and what a cluster runs."""

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal

import typer

from deploy import settings as configured
from deploy.commands.reach import prepared_log
from deploy.commands.shared import DataOption, fail
from deploy.readiness import teller, watch
from deploy.settings import Settings
from topics.connection import Connection

PortOption = Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65535)]
ReadyOption = Annotated[
    Path | None, typer.Option("--ready-file", help="File to hold the process's id while it does its work.")
]
RunOption = Annotated[str | None, typer.Option("--run", help="A planned run instead of live.")]
HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]


def serve_asgi(app: Any, host: str, port: int) -> None:
    """An ASGI application until SIGTERM."""
    import uvicorn

    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=5)


def registry(port: PortOption, host: HostOption = "127.0.0.1", data: DataOption = None) -> None:
    """The embedded schema registry.

    Example: framelog registry --port 8081
    """
    from deploy.embedded.registry import app

    serve_asgi(app(configured.load(data=data).data / "registry/schemas.db"), host, port)


def store(port: PortOption, host: HostOption = "127.0.0.1", data: DataOption = None) -> None:
    """The embedded ClickHouse: its engine behind ClickHouse's HTTP.

    Example: framelog store --port 8123
    """
    from deploy.embedded.clickhouse import serve as serve_store

    serve_store(configured.load(data=data).data / "store", port, host)


def work(
    stations: Annotated[list[str], typer.Argument(metavar="STATION...", help="Stations to run in this process.")],
    ready_file: ReadyOption = None,
    data: DataOption = None,
    instance: Annotated[
        str,
        typer.Option(help="A name that no other worker of these stations has: it is back at once after a crash."),
    ] = "",
    metrics_port: Annotated[int | None, typer.Option(help="Serve Prometheus metrics on this port.")] = None,
    run: RunOption = None,
) -> None:
    """One or more stations, for a cluster or under `framelog up`; with --run those of a planned run.

    Example: framelog work detections faces
    """
    from connectors.runs.ledger import run_of
    from connectors.runs.live import note
    from connectors.runs.record import BadRun
    from deploy.endings import WATCH, watching
    from deploy.ran_with import ran_with
    from deploy.replay.planning import build_name, cores_of, who
    from deploy.tunables import BadTunable
    from deploy.tunables import load as load_tunables
    from processors.build import build
    from processors.shelf import Shelf
    from processors.worker import run_worker

    settings = configured.load(data=data)
    bounds = None
    try:
        if run is None:
            shelf = Shelf(settings.profile, settings.weights)
            configs: Mapping[str, Any] = load_tunables(stations, os.environ)
            cores: Mapping[str, Any] = {name: build(name, configs, shelf) for name in stations}
            connection = prepared_log(settings)
            note(connection, ran_with(cores, configs, settings.profile, build_name()), who())
        else:
            live = prepared_log(settings)
            planned = run_of(live, run)
            cores, bounds = cores_of(planned, settings, stations), planned.extents(live.partitions)
            connection = replace(live, names=planned.names(live.names))
    except (BadTunable, BadRun, ValueError) as error:
        raise fail(str(error), 2) from error
    tell = teller(ready_file)
    with watching(connection, settings.ends, settings.ingest, wanted=run is None and WATCH.name in stations):
        code = run_worker(
            stations, cores, connection, instance=instance, metrics_port=metrics_port, on_ready=tell, bounds=bounds
        )
    raise typer.Exit(code)


def on_sigterm(stop: Callable[[], None]) -> None:
    """Calls `stop` when the process is asked to end."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    data: DataOption = None,
) -> None:
    """The API and the page.

    Example: framelog serve --port 8787
    """
    from api.app import create_app
    from api.store import Clickhouse

    settings = configured.load(data=data, host=host, port=port)
    clickhouse = Clickhouse(
        settings.clickhouse_url,
        database=settings.clickhouse_database,
        log_database=f"{settings.clickhouse_database}_log",
        user=settings.clickhouse_user,
        password=settings.clickhouse_password.get_secret_value(),
    )
    app = create_app(
        settings.connection,
        clickhouse,
        objects_of(settings),
        settings.run_folder / "supervisor.json",
        page_folder(),
    )
    serve_asgi(app, settings.host, settings.port)


def page_folder() -> Any:
    """Where the built page lies."""
    import api

    return Path(api.__path__[0]) / "page/dist"


def objects_of(settings: Settings) -> Any:
    """The object store that the settings name: a folder, or a bucket."""
    from connectors.objects import open_objects

    return open_objects(settings.objects, settings.data / "objects", settings.s3_endpoint)


def sink(
    kind: Annotated[Literal["clickhouse", "s3"], typer.Argument(help="clickhouse: rows; s3: clips.")],
    ready_file: ReadyOption = None,
    data: DataOption = None,
    run: RunOption = None,
) -> None:
    """A sink: rows to ClickHouse, or clips to the object store.

    Example: framelog sink clickhouse
    """
    from topics.limit import POISONED, TooManyBad

    settings = configured.load(data=data)
    tell = teller(ready_file)
    connection = prepared_log(settings)
    if run is not None:
        connection = connection_of(connection, run)
    made = rows_sink(settings, connection) if kind == "clickhouse" else clips_sink(settings)
    on_sigterm(made.close)
    watch(lambda: made.assigned, tell)
    try:
        made.run()
    except TooManyBad as error:
        raise fail(str(error), POISONED) from error


def connection_of(live: Connection, run: str) -> Connection:
    """The log with a planned run's names; ends with one line if there is none such."""
    from connectors.runs.ledger import run_of
    from connectors.runs.record import BadRun

    try:
        return replace(live, names=run_of(live, run).names(live.names))
    except BadRun as error:
        raise fail(str(error), 2) from error


def rows_sink(settings: Settings, connection: Connection) -> Any:
    """The sink of rows; its tables are made now, so that the store can be asked before the first record comes."""
    from connectors.clickhouse.sink import ClickHouseWriter, clickhouse_sink
    from connectors.sink import StoreDown

    tables = ClickHouseWriter(store_address(settings), connection.names.run)
    with suppress(StoreDown):  # the sink waits for it
        tables.mend()
    tables.close()
    return clickhouse_sink(connection, store_address(settings))


def clips_sink(settings: Settings) -> Any:
    """The clip cutter."""
    from connectors.clips.cutter import Cutter

    return Cutter(settings.connection, objects_of(settings), settings.clips)


def store_address(settings: Settings) -> Any:
    """Where ClickHouse is, as the sink wants it."""
    from connectors.clickhouse.ddl import Databases
    from connectors.clickhouse.schema import StoreAddress

    return StoreAddress(
        settings.clickhouse_url,
        settings.clickhouse_user,
        settings.clickhouse_password.get_secret_value(),
        Databases(settings.clickhouse_database),
    )
