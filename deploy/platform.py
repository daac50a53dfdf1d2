"""Which processes make the platform on one machine, on which addresses, in which order."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from socket import gethostname
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from deploy.child import Child
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.ports import free_port, listening
from deploy.readiness import answers, is_ready
from deploy.settings import Settings

# One process for each kind of work: two cores carry three workers, and each part can be killed by itself.
WORKERS: Mapping[str, tuple[str, ...]] = {
    "vision": ("detections", "faces"),
    "sound": ("utterances", "sounds", "speech"),
    "fusion": ("streams", "tracks", "emotions", "fused", "events", "highlights"),
}
EMBEDDED = ("kafka", "controller", "registry", "clickhouse")


class PlatformFault(Exception):
    """The platform can not be started as it is set; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of the embedded parts and of the page, the same at every start as long as they are free."""

    kafka: int
    controller: int
    registry: int
    clickhouse: int
    api: int


def choose_ports(settings: Settings) -> Ports:
    """Remembered ports that are free, else new ones; PlatformFault if the page's port is set and taken."""
    file = settings.run_folder / "ports.json"
    try:
        remembered: dict[str, int] = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        remembered = {}
    chosen: dict[str, int] = {}
    for name in EMBEDDED:
        port = remembered.get(name)
        chosen[name] = port if port is not None and not listening(port) else free_port(chosen.values())
    if settings.port and listening(settings.port):
        raise PlatformFault(
            f"port {settings.port} is in use: set another with FRAMELOG_PORT, or 0 for any that is free"
        )
    ports = Ports(**chosen, api=settings.port or free_port(chosen.values()))
    try:
        settings.run_folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({name: getattr(ports, name) for name in EMBEDDED}))
    except OSError as error:
        raise PlatformFault(
            f"can not write to {settings.data}: {error.strerror}; choose another --data"
        ) from error
    return ports


def endpoints(settings: Settings, ports: Ports) -> dict[str, str]:
    """Where clients find each part."""
    return {
        "kafka": settings.kafka or f"127.0.0.1:{ports.kafka}",
        "registry": settings.registry or f"http://127.0.0.1:{ports.registry}",
        "clickhouse": settings.clickhouse or f"http://127.0.0.1:{ports.clickhouse}",
        "api": f"http://{'127.0.0.1' if settings.host == '0.0.0.0' else settings.host}:{ports.api}",  # noqa: S104
    }


def framelog(*words: str) -> tuple[str, ...]:
    """A command line of ours in this same environment."""
    return (sys.executable, "-m", "deploy.cli", *words)


def node_of(settings: Settings, ports: Ports) -> KafkaNode:
    """The embedded broker on this data folder."""
    return KafkaNode(settings.data / "kafka", ports.kafka, ports.controller)


def instance_of(settings: Settings) -> str:
    """A name for the workers of this platform that no other one has, on whatever machine, and keeps for ever."""
    return str(uuid5(NAMESPACE_URL, f"{gethostname()}:{settings.data.resolve()}"))


def children(settings: Settings, ports: Ports) -> list[Child]:
    """Every process, with what it needs; parts that have an address set are not ours to start."""
    where = endpoints(settings, ports)
    env = {"FRAMELOG_TRACEBACK": "1"} | settings.environment()  # their logs are for whoever mends
    plan: list[Child] = []
    if settings.kafka is None:
        node = node_of(settings, ports)
        plan.append(Child("kafka", tuple(node.command()), {}, (), node.ready))
    if settings.registry is None:
        words = framelog("registry", "--port", str(ports.registry))
        plan.append(Child("registry", words, env, (), lambda: answers(f"{where['registry']}/healthz")))
    log = tuple(child.name for child in plan)
    if settings.clickhouse is None:
        words = framelog("store", "--port", str(ports.clickhouse))
        plan.append(Child("clickhouse", words, env, (), lambda: answers(f"{where['clickhouse']}/ping")))
    store = ("clickhouse",) if settings.clickhouse is None else ()
    plan.append(
        Child(
            "api",
            framelog("serve", "--port", str(ports.api)),
            env,
            (),  # it starts without the log, says so, and has its imports behind it when the log is there
            lambda: answers(f"{where['api']}/healthz"),
        )
    )
    for name, stations in WORKERS.items():
        words = framelog("work", *stations, "--instance", instance_of(settings))
        plan.append(telling(settings, name, words, env, log))
    plan.append(telling(settings, "rows", framelog("sink", "clickhouse"), env, (*log, *store)))
    plan.append(telling(settings, "clips", framelog("sink", "s3"), env, log))
    return plan


def telling(
    settings: Settings, name: str, words: tuple[str, ...], env: Mapping[str, str], needs: tuple[str, ...]
) -> Child:
    """A child that is ready once it has its share of the log and its place in it, which it tells by a file."""
    file = settings.run_folder.resolve() / f"ready/{name}"
    return Child(name, (*words, "--ready-file", str(file)), env, needs, partial(is_ready, file))


def write_endpoints(settings: Settings, where: Mapping[str, str]) -> Path:
    """Leaves the addresses for every other command on this data folder; credentials are not among them."""
    kept = {name: address for name, address in where.items() if "@" not in urlsplit(address).netloc}
    path = settings.run_folder / "endpoints.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(kept, indent=2) + "\n")
    part.replace(path)
    return path
