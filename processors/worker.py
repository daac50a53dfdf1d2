"""A process that runs stations: one Faust app each, one event loop."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from prometheus_client import start_http_server

from processors.exits import CRASHED, die, watch_sleep
from processors.faust_app import App, build_app
from processors.offline import Core
from processors.place import Limits
from processors.reading import Decode, Encode
from processors.shell import Shell
from topics.connection import Connection
from topics.extent import Extents
from topics.registry import Serde
from topics.route import BY_STATION

log = logging.getLogger("framelog.worker")
CHECK_S, LAG_S, BROKER_S, READY_S = 1.0, 5.0, 30.0, 0.1
SESSION_S = 6.0
REFUSED = 2


class MisconfiguredError(Exception):
    """The log is not as the stations need it; says what to do."""


def check_topics(connection: Connection, stations: Sequence[str]) -> None:
    """MisconfiguredError unless every topic of the stations exists with the connection's partition count."""
    if unknown := [s for s in stations if s not in BY_STATION]:
        raise MisconfiguredError(f"no such stations: {unknown}; there are {sorted(BY_STATION)}")
    names, needed = connection.names, set[str]()
    for station in stations:
        edge = BY_STATION[station]
        needed |= {names.topic(edge.writes), names.state(station)}
        needed |= {n for t in edge.reads for n in (names.topic(t), names.dlq(t))}
    have = AdminClient(connection.confluent()).list_topics(timeout=BROKER_S).topics
    if missing := sorted(needed - set(have)):
        raise MisconfiguredError(f"no topics {missing}: run `framelog up` or call topics.broker.ensure_topics")
    counts = {n: len(have[n].partitions) for n in sorted(needed)}
    if wrong := {n: c for n, c in counts.items() if c != connection.partitions}:
        raise MisconfiguredError(
            f"partition counts {wrong} are not {connection.partitions}: a station's inputs and outputs must have "
            "as many, or a stream's records would not meet"
        )


def run_worker(
    stations: Sequence[str],
    cores: Mapping[str, Core],
    connection: Connection,
    *,
    encode: Encode | None = None,
    decode: Decode | None = None,
    limits: Limits = Limits(),  # noqa: B008 (a frozen value)
    instance: str = "",
    metrics_port: int | None = None,
    on_ready: Callable[[bool], None] = lambda _: None,
    bounds: Extents | None = None,
) -> int:
    """Runs stations until SIGTERM or SIGINT; answers with the process's exit code.

    0 after a clean stop, 2 if the topics are not as they must be, 70 if the broker does not answer (either told in
    one line). Anything unforeseen ends the process at once with 70, a sleep past the group's session with 71;
    whoever started it starts it again. `instance` names the process among the stations' workers for ever (see
    `build_app`). Without `encode` and `decode` the connection's registry is asked. `metrics_port` serves
    `topics.metrics` on this machine. `on_ready` is called when all stations have become ready, and when one of
    them no longer is. Of the topics that `bounds` names, those extents alone are read.
    """
    if (code := _refusal(connection, stations, metrics_port)) is not None:
        return code
    for noisy in ("faust", "mode", "aiokafka", "processors.faust_app"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Seldom())
    watch_sleep(SESSION_S)
    with ExitStack() as opened:
        if encode is None or decode is None:
            serde = opened.enter_context(Serde(connection))
            encode, decode = serde.encode, serde.decode
        shells = [Shell(connection, s, cores[s], encode, decode, limits, SESSION_S, bounds) for s in stations]
        asyncio.run(_run(shells, connection, instance, on_ready))
    return 0


def _refusal(connection: Connection, stations: Sequence[str], metrics_port: int | None) -> int | None:
    """Exit code if the worker cannot start as things are, told in one line."""
    try:
        check_topics(connection, stations)
        if metrics_port is not None:
            start_http_server(metrics_port, addr="127.0.0.1")
    except MisconfiguredError as error:
        log.error("%s", error)
        return REFUSED
    except KafkaException as error:
        log.error("the broker at %s does not answer: %s", connection.bootstrap, error.args[0])
        return CRASHED
    except OSError as error:
        log.error("the metrics' port %s cannot be had (%s): choose another", metrics_port, error.strerror)
        return REFUSED
    return None


class Seldom(logging.Filter):
    """Lets each message of the client libraries pass once in a while: a broker that is away makes 100 a second."""

    def __init__(self, every_s: float = 5.0) -> None:
        super().__init__()
        self._every_s, self._last = every_s, dict[tuple[str, str], float]()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the message may pass."""
        if not record.name.startswith(("aiokafka", "faust", "mode")):
            return True
        kind = record.name, str(record.msg)
        if record.created - self._last.get(kind, float("-inf")) < self._every_s:
            return False
        self._last[kind] = record.created
        return True


async def _run(
    shells: Sequence[Shell], connection: Connection, instance: str, on_ready: Callable[[bool], None]
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    apps = [build_app(connection, s.edge.name, s.inputs, s, instance) for s in shells]
    starting = asyncio.create_task(_start(apps))
    watch = asyncio.create_task(_watch(shells, apps))
    ready = asyncio.create_task(_tell_ready(shells, on_ready))
    lag = asyncio.create_task(_lag(shells, apps))
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({stop, starting}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and not starting.cancelled() and (error := starting.exception()) is not None:
        die("starting", error)
    await stop
    for task in (lag, watch, ready):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    if not starting.done():
        starting.cancel()
    await asyncio.gather(*(app.stop() for app in apps))


async def _start(apps: Sequence[App]) -> None:
    await asyncio.gather(*(app.start() for app in apps))


async def _watch(shells: Sequence[Shell], apps: Sequence[App]) -> None:
    """Ends the process where Faust would go on idle."""
    while True:
        await asyncio.sleep(CHECK_S)
        for shell, app in zip(shells, apps, strict=True):
            if shell.overdue():
                die(f"{shell.edge.name}: not in its group, or not recovered, within 60 s")
            if app.crashed or app.should_stop:
                die(f"{shell.edge.name}: Faust stopped", app.crash_reason)


async def _tell_ready(shells: Sequence[Shell], on_ready: Callable[[bool], None]) -> None:
    before = False
    while True:
        if (now := all(shell.ready for shell in shells)) != before:
            before = now
            on_ready(now)
        await asyncio.sleep(READY_S)


async def _lag(shells: Sequence[Shell], apps: Sequence[App]) -> None:
    """Tells the lag by what the latest fetches said of the inputs' ends, so that nobody has to ask the broker."""
    while True:
        await asyncio.sleep(LAG_S)
        for shell, app in zip(shells, apps, strict=True):
            try:
                shell.gauge(app.ends(shell.positions()))
            except Exception as error:  # noqa: BLE001 (a gauge that fails is told, no more)
                log.warning("lag could not be measured: %r", error)
