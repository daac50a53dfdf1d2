"""The demo: starts the platform, plays a clip through it, shows highlights as they happen, sums up."""

import json
import os
import signal
import subprocess
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from deploy.platform import framelog
from deploy.sample import Sample
from deploy.settings import Settings
from deploy.state import State, read_state
from deploy.summary import Seconds, Summary, clip_rows, highlight_rows
from deploy.watch import SessionWatch, follow
from schemas.records import Clip, Highlight
from topics.catalog import CATALOG

GIVE_UP_S = 180.0  # a part that is not ready after this has failed: the slowest seen took 40
INGEST_TRIES = 20
DERIVED = tuple(t.noun for t in CATALOG if t.kind == "derived")


class DemoFailed(Exception):
    """The demo can not go on; the message says what to do."""


def log_tail(path: Path, lines: int = 3) -> str:
    """The last lines of a log, for an error message."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


@contextmanager
def platform(settings: Settings, console: Console) -> Iterator[subprocess.Popen[bytes] | None]:
    """The platform on this data folder, stopped again at the end; None if one runs here already."""
    state = read_state(settings.run_folder)
    if state.running:
        console.print(f"the platform already runs on {settings.data}")
        yield None
        return
    logs = settings.data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / "supervisor.log").open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 (our own command)
            framelog("up"), env=os.environ | settings.environment(), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                child.kill()


class Readiness:
    """Shows each part once, as it gets ready."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._folder, self._console = settings.run_folder, console
        self._started, self._shown = time.monotonic(), set[str]()

    def look(self) -> State:
        """The platform's state; parts that have become ready since the last look are shown."""
        state = read_state(self._folder)
        for name, part in state.parts.items() if state.running else ():
            if part.state == "ready" and name not in self._shown:
                self._shown.add(name)
                self._console.print(f"  [green]✓[/] {name} [dim]({time.monotonic() - self._started:.1f} s)[/]")
        return state


def wait_ready(
    settings: Settings, child: subprocess.Popen[bytes] | None, readiness: Readiness, wanted: Sequence[str]
) -> None:
    """Returns when the wanted parts are ready; DemoFailed if the platform ends or takes too long."""
    started = time.monotonic()
    while True:
        state = readiness.look()
        if (
            state.running
            and state.parts
            and all(p.state == "ready" for n, p in state.parts.items() if n in wanted)
        ):
            return
        if child is not None and child.poll() is not None:
            raise DemoFailed(f"the platform ended: {log_tail(settings.data / 'logs/supervisor.log')}")
        if time.monotonic() - started > GIVE_UP_S:
            late = {n: p.last_error for n, p in state.parts.items() if p.state != "ready"}
            raise DemoFailed(f"not ready after {GIVE_UP_S:.0f} s: {late}; see {settings.data / 'logs'}")
        time.sleep(0.1)


class Ingest:
    """`framelog ingest` as a process that is started again when it is killed: it finds its place in the log."""

    def __init__(self, settings: Settings, sample: Sample, speed: str) -> None:
        self._words = framelog("ingest", sample.source, "--stream", sample.stream, "--speed", speed, "--json")
        self._env = os.environ | settings.environment()
        self._log = settings.data / "logs/ingest.log"
        self.restarts = 0
        self.session_id: str | None = None
        self._start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own command)
                self._words, env=self._env, stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._rest = b""

    def poll(self) -> bool:
        """Reads what it says; True when it is done. DemoFailed if the source can not be read."""
        assert self._process.stdout is not None
        self._rest += self._process.stdout.read() or b""
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self.session_id = json.loads(line).get("session_id", self.session_id)
        code = self._process.poll()
        if code is None or code == 0:
            return code == 0
        if code < 0 and self.restarts < INGEST_TRIES:
            self.restarts += 1
            self._start()
            return False
        raise DemoFailed(log_tail(self._log, 1) or f"ingest ended with {code}")

    def stop(self) -> None:
        """Ends it if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)


def show(record: object, console: Console) -> bool:
    """Prints a highlight or clip; True for a highlight."""
    if isinstance(record, Highlight) and not record.end:
        where = f"{record.start_us / 1e6:7.2f} … {record.end_us / 1e6:7.2f} s"
        console.print(f"[bold yellow]★[/] {where}  [bold]{record.score:.2f}[/]  {record.title}", highlight=False)
        return True
    if isinstance(record, Clip) and not record.end:
        console.print(f"    [dim]clip {record.key} ({record.bytes / 1e6:.2f} MB)[/]", highlight=False)
    return False


def play(settings: Settings, sample: Sample, once: bool, setup_s: float, console: Console) -> Summary | None:
    """Plays the sample; with `once` returns the summary when every topic has ended, else stays until Ctrl-C."""
    started = time.monotonic()
    first: float | None = None
    with platform(settings, console) as child:
        readiness = Readiness(settings, console)
        # The source may begin as soon as there is a log and a page: stations and sinks catch up by themselves.
        wait_ready(settings, child, readiness, ("kafka", "registry", "api"))
        page = f"http://{settings.host}:{settings.port or settings.embedded('api').rsplit(':', 1)[1]}"
        console.print(f"page: [link={page}]{page}[/]", highlight=False)
        if not once and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(page)
        console.print(f"playing {sample.source} ({sample.why}) as stream {sample.stream}", highlight=False)
        ingest = Ingest(settings, sample, "max" if once else "real")
        try:
            while ingest.session_id is None and not ingest.poll():
                time.sleep(0.05)
            if ingest.session_id is None:
                raise DemoFailed("ingest did not say which session it writes")
            watch = SessionWatch(ingest.session_id)
            done = False

            def go_on() -> bool:
                nonlocal done
                done = done or ingest.poll()
                readiness.look()
                return child is None or child.poll() is None

            for record in follow(settings.connection, watch, go_on):
                if show(record, console) and first is None:
                    first = time.monotonic() - started
            if watch.missing:
                raise DemoFailed(f"the platform ended: {log_tail(settings.data / 'logs/supervisor.log')}")
            rows = stored_rows(settings, watch, go_on)
            summary = Summary(
                source=sample.source,
                profile=settings.profile,
                models=models_of(settings, ingest.session_id),
                seconds=Seconds(
                    round(setup_s, 1), first and round(first, 1), round(time.monotonic() - started, 1)
                ),
                records=watch.counts,
                rows=rows,
                highlights=highlight_rows(watch),
                clips=clip_rows(watch, settings.objects or str(settings.data / "objects")),
                digests=digests_of(settings),
                restarts={n: p.restarts for n, p in read_state(settings.run_folder).parts.items()}
                | {"ingest": ingest.restarts},
            )
            console.print(f"summary: {summary.write(settings.data)}", highlight=False)
            if not once:
                console.print(f"the clip is over; the page stays at {page} until Ctrl-C")
                while go_on():
                    time.sleep(0.5)
            return summary
        finally:
            ingest.stop()


def stored_rows(
    settings: Settings, watch: SessionWatch, go_on: Callable[[], bool], deadline_s: float = 120
) -> dict[str, int]:
    """Rows of the session by table, once the sink has caught up with the log."""
    from deploy.commands.ask import client

    until = time.monotonic() + deadline_s
    with client(settings) as store:
        while True:
            rows = {noun: session_rows(store, noun, watch.session_id) for noun in watch.counts}
            if rows == watch.counts or time.monotonic() > until or not go_on():
                return rows
            time.sleep(0.2)


def session_rows(store: object, noun: str, session_id: str) -> int:
    """Rows of one noun and session, end marks left out."""
    text = f"SELECT count() FROM {noun} WHERE run = 'live' AND session_id = {{session:String}} AND NOT end"  # noqa: S608 (a noun of the catalog)
    return int(store.query(text, parameters={"session": session_id}).first_row[0])  # type: ignore[attr-defined]


def models_of(settings: Settings, session_id: str) -> dict[str, str]:
    """What computed each noun, as its records say."""
    from deploy.commands.ask import client

    with client(settings) as store:
        return {
            noun: ", ".join(models)
            for noun in ("detections", "faces", "utterances", "speech", "sounds", "events")
            if (models := models_of_noun(store, noun, session_id))
        }


def models_of_noun(store: object, noun: str, session_id: str) -> Sequence[str]:
    """Names and versions of the models behind a noun's records."""
    text = (
        f"SELECT DISTINCT concat(model_name, ' ', model_version) FROM {noun} "  # noqa: S608 (a noun of the catalog)
        "WHERE run = 'live' AND session_id = {session:String} AND NOT end ORDER BY 1"
    )
    found = store.query(text, parameters={"session": session_id}).result_rows  # type: ignore[attr-defined]
    return [row[0].strip() for row in found]


def digests_of(settings: Settings) -> dict[str, str]:
    """A fingerprint of every derived table; equal for equal content, whoever was killed meanwhile."""
    from connectors.clickhouse.schema import connect, digests
    from deploy.commands.parts import store_address

    address = store_address(settings)
    with connect(address) as client:
        return digests(client, databases=address.databases, nouns=DERIVED)
