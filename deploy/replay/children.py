"""The processes of a run: its stations and its rows, beside the platform's and gentler than those."""

from functools import partial
from pathlib import Path

from connectors.runs.record import Run
from deploy.child import Child
from deploy.platform import WORKERS, framelog, instance_of
from deploy.readiness import is_ready
from deploy.settings import Settings

NICE = 10
# A replay takes what live leaves: at equal niceness it would take half of two cores from it.


def folder_of(settings: Settings, run: str) -> Path:
    """Where a run's logs and state lie on this machine."""
    return settings.data / "runs" / run


def children(settings: Settings, run: Run, stations: bool = True) -> list[Child]:
    """What a run needs: workers for its stations (unless it runs in this process) and a sink of its rows."""
    plan: list[Child] = []
    for name, members in WORKERS.items():
        mine = [s for s in run.stations if s in members]
        if mine and stations:
            words = ("work", *mine, "--run", run.name, "--instance", instance_of(settings))
            plan.append(_child(settings, run, name, words))
    plan.append(_child(settings, run, "rows", ("sink", "clickhouse", "--run", run.name)))
    return plan


def _child(settings: Settings, run: Run, name: str, words: tuple[str, ...]) -> Child:
    file = folder_of(settings, run.name).resolve() / f"run/ready/{name}"
    env = {"FRAMELOG_TRACEBACK": "1"} | settings.environment() | {"FRAMELOG_PROFILE": run.profile}
    command = ("nice", "-n", str(NICE), *framelog(*words, "--ready-file", str(file)))
    return Child(name, command, env, (), partial(is_ready, file))
