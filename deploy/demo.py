"""The demo: starts the platform, plays a clip through it, shows highlights as they happen, sums up."""

import os
import signal
import subprocess
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from deploy.feeding import DemoFailed, Ingest, log_tail
from deploy.platform import framelog
from deploy.sample import Sample
from deploy.settings import Settings
from deploy.state import State, read_state
from deploy.stored import digests_of, models_of, stored_rows
from deploy.summary import Seconds, Summary, clip_rows, highlight_rows
from deploy.terminal import styled
from deploy.watch import SessionWatch, follow
from schemas.records import Clip, Highlight

GIVE_UP_S = 180.0  # a part that is not ready after this has failed: the slowest seen took 40


@contextmanager
def platform(settings: Settings, console: Console) -> Iterator[subprocess.Popen[bytes] | None]:
    """The platform on this data folder, stopped again at the end; None if one runs here already."""
    state = read_state(settings.run_folder)
    if state.running:
        console.print(f"the platform already runs on {settings.data}")
        yield None
        return
    logs = settings.data / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoFailed(f"cannot write to {settings.data}: {error.strerror}; choose another --data") from error
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
                took_s = time.monotonic() - self._started
                self._console.print(styled("  [green]✓[/] {} [dim]({} s)[/]", name, f"{took_s:.1f}"))
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


def show(record: object, console: Console) -> bool:
    """Prints a highlight or clip; True for a highlight."""
    if isinstance(record, Highlight) and not record.end:
        where = f"{record.start_us / 1e6:7.2f} … {record.end_us / 1e6:7.2f} s"
        score = f"{record.score:.2f}"
        console.print(styled("[bold yellow]★[/] {}  [bold]{}[/]  {}", where, score, record.title), highlight=False)
        return True
    if isinstance(record, Clip) and not record.end:
        console.print(f"    clip {record.key} ({record.bytes / 1e6:.2f} MB)", style="dim", highlight=False)
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
        console.print(Text.assemble("page: ", (page, f"link {page}")), highlight=False)
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
                models=models_of(settings, ingest.session_id, go_on),
                seconds=Seconds(
                    round(setup_s, 1), first and round(first, 1), round(time.monotonic() - started, 1)
                ),
                records=watch.counts,
                rows=rows,
                highlights=highlight_rows(watch),
                clips=clip_rows(watch, settings.objects or str(settings.data / "objects")),
                digests=digests_of(settings, go_on),
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
