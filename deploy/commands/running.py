"""Commands that run the whole platform on this machine: up, down, status, doctor, setup, demo."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from deploy import settings as configured
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_rows
from deploy.settings import Profile, Settings
from deploy.terminal import styled

ProfileOption = Annotated[str | None, typer.Option("--profile", help="builtin, cpu, gpu or remote.")]


def setup() -> None:
    """Fetch what is no Python package: Kafka's jars, a Java and a Node where there is none; build the page.

    Example: framelog setup
    """
    from deploy.setup import SetupFailed, prepare

    try:
        prepare(console)
    except SetupFailed as error:
        raise fail(str(error)) from error


def say(line: str) -> None:
    """One line of what happens, not wrapped: a log holds it too."""
    console.print(line, highlight=False, soft_wrap=True)


def start_platform(settings: Settings) -> None:
    """Runs the supervisor until SIGTERM or Ctrl-C."""
    from deploy.embedded.jars import JarsMissing
    from deploy.embedded.java import JavaMissing
    from deploy.embedded.kafka import KafkaFault
    from deploy.platform import PlatformFault, children, choose_ports, endpoints, node_of, write_endpoints
    from deploy.supervisor import Supervisor, SupervisorFault, sole, supervise

    try:
        with sole(settings.run_folder):
            ports = choose_ports(settings)
            if settings.kafka is None:
                node_of(settings, ports).prepare()
            plan = children(settings, ports)
            where = endpoints(settings, ports)
            write_endpoints(settings, where)
            say(f"page: {where['api']}  data: {settings.data}")
            asyncio.run(supervise(Supervisor(settings.data, plan, say=say), held=True))
    except (PlatformFault, KafkaFault, JarsMissing, JavaMissing, SupervisorFault) as error:
        raise fail(str(error)) from error


def up(
    profile: ProfileOption = None,
    data: DataOption = None,
    detach: Annotated[bool, typer.Option("--detach", help="Go on in the background.")] = False,
) -> None:
    """Start the platform and keep it alive until Ctrl-C (or `framelog down`).

    Example: framelog up --data data --detach
    """
    settings = configured.load(data=data, profile=profile)
    if not detach:
        start_platform(settings)
        return
    from deploy.detached import start_detached
    from deploy.platform import framelog
    from deploy.supervisor import SupervisorFault

    try:
        pid = start_detached(settings.data, framelog("up"), os.environ | settings.environment())
    except SupervisorFault as error:
        raise fail(str(error)) from error
    console.print(f"the platform starts (pid {pid}); see `framelog status --data {settings.data}`")


def down(data: DataOption = None) -> None:
    """Stop the platform on a data folder.

    Example: framelog down
    """
    from deploy.detached import down as stop

    settings = configured.load(data=data)
    if stop(settings.data) is None:
        raise fail(f"no platform runs on {settings.data}")
    console.print("stopped")


def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """How every part is; ends with 1 unless all is well.

    Example: framelog status --json
    """
    from deploy.health import rows_of

    settings = configured.load(data=data)
    rows, healthy = rows_of(settings)
    print_rows(rows, "parts", as_json)
    if not healthy:
        raise typer.Exit(1)


def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Look for what would keep the platform from running, and say what to do.

    Example: framelog doctor
    """
    from deploy.doctor import checks

    found = checks(configured.load(data=data))
    print_rows([{"check": c.name, "state": c.state, "says": c.says} for c in found], "checks", as_json)
    if any(c.state == "fail" for c in found):
        raise typer.Exit(1)


def models(
    what: Annotated[str, typer.Argument(help="list, or fetch to download what has an address.")] = "list",
    data: DataOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which model each station uses and why; `fetch` downloads the weights of the profile.

    Example: framelog models fetch
    """
    from processors.choices import choices, wanted
    from processors.fetch import FetchFailedError, fetch
    from processors.shelf import Shelf
    from processors.weights import PUBLISHED

    settings = configured.load(data=data, profile=profile)
    if what not in ("list", "fetch"):
        raise fail(f"models {what}: say list or fetch", 2)
    if what == "fetch":
        try:
            settings.weights.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise fail(f"cannot write to {settings.weights}: {error.strerror}; set FRAMELOG_MODELS") from error
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
        base = settings.models_url.get_secret_value() or PUBLISHED
        failed = []
        with Progress(*columns, console=console, transient=True) as progress:
            for weights in wanted(Shelf(settings.profile, settings.weights)):
                task = progress.add_task(weights.name, total=weights.size_bytes)

                def told(_path: str, have: int, _whole: int, task: int = task) -> None:
                    progress.update(task, completed=have)  # type: ignore[arg-type]

                try:
                    fetch(weights, settings.weights, base=base, progress=told)
                except FetchFailedError as error:
                    failed.append(str(error))
        if failed:
            raise fail("; ".join(failed))
    chosen = choices(Shelf(settings.profile, settings.weights))
    print_rows(
        [
            {"station": c.station, "backend": c.backend, "weights": ", ".join(c.weights), "why": c.reason}
            for c in chosen
        ],
        "models",
        as_json,
    )


def demo(
    source: Annotated[
        str | None, typer.Option("--source", help="File or URL to play instead of the sample.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Play it through as fast as can be, sum up, end.")] = False,
    data: DataOption = None,
    profile: ProfileOption = None,
) -> None:
    """Start the platform, play a clip, open the page, show highlights as they happen.

    Example: framelog demo --once
    """
    from connectors.sources.scene import render_scene
    from deploy.demo import play
    from deploy.feeding import DemoFailed
    from deploy.sample import choose, testdata_folder
    from deploy.setup import seconds_spent

    if "FRAMELOG_MODELS" not in os.environ and (testdata_folder() / "models").is_dir():
        os.environ["FRAMELOG_MODELS"] = str(testdata_folder() / "models")
    settings = configured.load(data=data, profile=profile)
    try:
        sample = choose(source, settings.data / "sample", render=render_with_progress(render_scene))
        tell_models(settings)
        with suppress(KeyboardInterrupt):
            play(settings, sample, once, seconds_spent(), console)
    except DemoFailed as error:
        raise fail(str(error)) from error


def render_with_progress(render: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """The scene's renderer with a line that it is at work."""

    def rendered(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        with console.status("rendering a scene"):
            made = render(path)
        console.print(f"scene rendered in {time.monotonic() - started:.0f} s")
        return made

    return rendered


def tell_models(settings: Settings) -> None:
    """One line a station that has models: which, and why."""
    from processors.choices import choices
    from processors.shelf import Shelf

    profile: Profile = settings.profile
    for choice in choices(Shelf(profile, settings.weights)):
        line = styled("  {}: [bold]{}[/] [dim]({})[/]", choice.station, choice.backend, choice.reason)
        console.print(line, highlight=False)


def settings(as_json: JsonOption = False) -> None:
    """Everything that can be set, with its name in the environment, its default and its meaning.

    Example: framelog settings
    """
    from deploy.configuration import everything

    print_rows(
        [
            {"variable": t.variable, "default": str(t.default), "meaning": t.meaning}
            for _, group in everything()
            for t in group
        ],
        "settings",
        as_json,
    )
