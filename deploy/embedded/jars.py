"""Fetches Apache Kafka's jars from a Maven repository, each checked against its sha256, into a per-user cache."""

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

LIST = Path(__file__).with_name("kafka-4.3.1.jars.json")
TRIES = 3


class JarsMissing(Exception):
    """A jar could not be fetched whole; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Jar:
    """A file of a Maven repository: path below its base, size, sha256."""

    path: str
    bytes: int
    sha256: str


def jars() -> tuple[Jar, ...]:
    """The runtime closure of Kafka's server."""
    return tuple(Jar(**jar) for jar in json.loads(LIST.read_text())["jars"])


def cache_folder() -> Path:
    """Where fetched parts are kept for all data folders of this user."""
    chosen = os.environ.get("FRAMELOG_CACHE")
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "framelog"


def base_url() -> str:
    """The Maven repository: FRAMELOG_MAVEN where a mirror is wanted, else Maven Central."""
    from jgo.constants import MAVEN_CENTRAL_URL

    return os.environ.get("FRAMELOG_MAVEN") or str(MAVEN_CENTRAL_URL)


def is_whole(path: Path, jar: Jar) -> bool:
    """Whether the file is there with the right size (its sha256 was checked before it got its name)."""
    return path.exists() and path.stat().st_size == jar.bytes


def answer_of(error: httpx.HTTPError) -> str:
    """What went wrong, in a word or two."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.response.status_code} {error.response.reason_phrase}".strip()
    return type(error).__name__


def fetch(jar: Jar, folder: Path, client: httpx.Client, base: str) -> int:
    """Fetches one jar unless it is there; returns the bytes fetched. JarsMissing after three tries."""
    target = folder / Path(jar.path).name
    if is_whole(target, jar):
        return 0
    part = target.with_suffix(f".{os.getpid()}.part")
    why = ""
    for _ in range(TRIES):
        try:
            answer = client.get(f"{base.rstrip('/')}/{jar.path}")
            answer.raise_for_status()
        except httpx.HTTPError as error:
            # Not httpx's own words: they are two lines long and name the address, password and all.
            why = f"the answer was {answer_of(error)}"
            continue
        if hashlib.sha256(answer.content).hexdigest() == jar.sha256:
            part.write_bytes(answer.content)
            part.replace(target)
            return jar.bytes
        why = "its checksum is not the one expected"
    raise JarsMissing(
        f"could not fetch {target.name}: {why}. Check the network, or set FRAMELOG_MAVEN to a mirror, "
        "or FRAMELOG_KAFKA to a Kafka of your own"
    )


def fetch_all(on_bytes: Callable[[int, int], None] = lambda _done, _total: None) -> list[Path]:
    """All jars in the cache, sorted by name: the class archive hangs on their order.

    Calls `on_bytes(done, total)` as they come.
    """
    folder = cache_folder() / "kafka-4.3.1"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = jars()
    missing = [jar for jar in wanted if not is_whole(folder / Path(jar.path).name, jar)]
    total, done = sum(jar.bytes for jar in missing), 0
    if missing:
        with (
            httpx.Client(timeout=60, follow_redirects=True) as client,
            ThreadPoolExecutor(8, thread_name_prefix="jars") as pool,
        ):
            for count in pool.map(lambda jar: fetch(jar, folder, client, base_url()), missing):
                done += count
                on_bytes(done, total)
    return sorted(folder / Path(jar.path).name for jar in wanted)
