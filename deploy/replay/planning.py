"""From the command line to a run's plan: models and tunables as they are now, written down whole."""

import getpass
import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from connectors.runs.ledger import runs
from connectors.runs.plan import Asked, own_nouns, stations
from connectors.runs.record import BadRun, Run, Used, differs
from deploy.replay.chosen import Chosen
from deploy.settings import Settings
from deploy.tunables import BadTunable, config_of
from deploy.tunables import load as load_tunables
from processors.build import build, default_config
from processors.offline import Core
from processors.shelf import Shelf
from topics.connection import Connection


def build_name() -> str:
    """Which code this is: the commit of a checkout (`+` if files differ from it), else the installed version."""
    folder = Path(__file__).parent
    try:
        commit, changed = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain", "-uno")
    except (OSError, subprocess.SubprocessError):
        return version("framelog")
    return commit + ("+" if changed else "")


def _git(folder: Path, *words: str) -> str:
    command = ["git", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603 (fixed words)
    return done.stdout.strip()


def changes_of(words: Sequence[str]) -> dict[str, Any]:
    """`speech.beam=8` and the like as nested plain values, JSON where a value is JSON. BadRun for other words."""
    nested: dict[str, Any] = {}
    for word in words:
        path, equals, text = word.partition("=")
        names = path.strip().split(".")
        if not equals or len(names) < 2 or not all(names):
            raise BadRun(f"--set {word!r}: say STATION.TUNABLE=VALUE, such as detections.min_score=0.4")
        place = nested
        for name in names[:-1]:
            place = place.setdefault(name, {})
        try:
            place[names[-1]] = json.loads(text)
        except ValueError:
            place[names[-1]] = text
    return nested


def configs(run_stations: Sequence[str], environ: Mapping[str, str], words: Sequence[str]) -> dict[str, Any]:
    """Config of each station: as live's now, with what `--set` changes. BadRun for what does not fit."""
    changes = changes_of(words)
    if strangers := sorted(set(changes) - set(run_stations)):
        raise BadRun(f"{strangers[0]} is not among this run's stations: {', '.join(run_stations)}")
    try:
        made = load_tunables(run_stations, environ)
        return {s: config_of(made[s], changes.get(s, {}), s) for s in run_stations}
    except BadTunable as error:
        raise BadRun(str(error)) from error


def cores_of(run: Run, settings: Settings, only: Sequence[str] | None = None) -> dict[str, Core]:
    """The run's stations with their models, as its plan says; BadRun where a model here is another one."""
    shelf = Shelf(run.profile, settings.weights)  # type: ignore[arg-type]
    found: dict[str, Core] = {}
    for station in only or run.stations:
        if station not in run.stations:
            raise BadRun(f"run {run.name} has no station {station}; it has {', '.join(run.stations)}")
        try:
            config = config_of(default_config(station), run.config[station], station)
            found[station] = build(station, {station: config}, shelf)
        except (BadTunable, ValueError, FileNotFoundError) as error:
            raise BadRun(f"run {run.name}: {error}") from error
        here, planned = used(found[station]), run.models.get(station)
        if planned is not None and here != planned:
            raise BadRun(
                f"run {run.name} was planned with {station} by {told(planned)}, here it is {told(here)}: bring "
                "the same weights (FRAMELOG_MODELS), or make another run"
            )
    return found


def used(core: Core) -> Used:
    """What a core says of its model."""
    return Used(core.model.name, core.model.version, core.model.sha256)


def kept(config: Any) -> dict[str, Any]:
    """A station's Config as a record keeps it: lists, not tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return plain


def who() -> str:
    """Who asks, and on which machine; by number where an image gives the user no name."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def told(model: Used) -> str:
    """A model in a few words."""
    return f"{model.name} {model.version} {model.sha256[:12]}".strip()


def plan(
    name: str, asked: Asked, chosen: Chosen, settings: Settings, environ: Mapping[str, str], words: Sequence[str],
    profile: str | None = None, hold: str = "",
) -> tuple[Run, dict[str, Core]]:  # fmt: skip
    """The run that is asked for over what was chosen, its stations ready to work. BadRun where it can not be."""
    run_stations = stations(asked)
    made = configs(run_stations, environ, words)
    run = Run(
        name=name, stream=asked.stream, passages=chosen.passages, reaches=chosen.reaches, stations=run_stations,
        own=own_nouns(run_stations, asked.fps), profile=profile or settings.profile,
        config={s: kept(c) for s, c in made.items()}, models={}, build=build_name(),
        offsets=asked.offsets, hold=hold, fps=asked.fps, who=who(), asked=tuple(words),
        planned_at=datetime.now(UTC).isoformat("T", "seconds"),
    )  # fmt: skip
    cores = cores_of(run, settings)
    return replace(run, models={s: used(c) for s, c in cores.items()}), cores


def continued(live: Connection, made: Run) -> tuple[Run, bool]:
    """The run as it is known, where it was planned before; whether it is done. BadRun where it is another one."""
    known = runs(live).get(made.name)
    if known is None:
        return made, False
    part = differs(known, made)
    if part is not None:
        raise BadRun(
            f"there is a run {made.name} already, with other {part}: choose another --run, or `framelog runs rm "
            f"{made.name}`"
        )
    return known, known.state == "done"
