"""How the platform is, honestly: processes from the supervisor, work from the log."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import KafkaException

from deploy.commands.reach import LogAway, log_of
from deploy.contract import Told, breaches, silences
from deploy.settings import NotRunning, Settings
from deploy.state import State, read_state, start_ticks
from topics.connection import Connection
from topics.lag import gauges, lag_of
from topics.read import append_ms, bounds, consumer
from topics.route import ROUTE, Edge

LEAST_FREE_BYTES = 128 << 20  # one segment of Kafka's
FINE = ("ready", "ok")
FOREIGN = ("breach", "waiting")


@dataclass(frozen=True, slots=True)
class Work:
    """What a station or connector has to do and has done.

    said_s: seconds since its last output, None: never. waits_s: seconds that its oldest unread record has waited.
    lost: records that retention deleted before it read them. spoilt: streams that give it little but dead letters.
    waits_for: what it can not do without and waits for, in words.
    """

    name: str
    lag: int
    said_s: float | None
    waits_s: float = 0.0
    lost: int = 0
    spoilt: tuple[str, ...] = ()
    waits_for: str = ""


def losses(
    gauges: Mapping[tuple[str, int], tuple[int | None, str]], lows: Mapping[tuple[str, int], int]
) -> tuple[int, tuple[str, ...], str]:
    """Records lost to retention, also those that a station which is away has lost by now; spoilt streams; what it
    waits for.
    """
    lost, spoilt, waits_for = 0, set[str](), ""
    for place, (at, note) in gauges.items():
        told = orjson.loads(note) if note.startswith("{") else {}
        lost += told.get("lost", 0) + max(0, lows.get(place, 0) - (at or lows.get(place, 0)))
        spoilt |= set(told.get("spoilt", ()))
        waits_for = told.get("waits_for", waits_for)
    return lost, tuple(sorted(spoilt)), waits_for


def stalled(work: Work, stall_s: float) -> str:
    """Why a station that has input and says nothing is not healthy; empty if it is.

    One that speaks seldom by nature (highlights) and reads what comes is well: its input does not wait.
    """
    if work.lag == 0 or work.waits_s < stall_s or (work.said_s is not None and work.said_s < stall_s):
        return ""
    since = "has said nothing yet" if work.said_s is None else f"has said nothing for {work.said_s:.0f} s"
    return f"{since} with {work.lag} records waiting"


def last_append_ms(connection: Connection, topics: Sequence[str]) -> dict[str, int]:
    """When the log last took a record of each topic, in ms since 1970; topics without records are left out."""
    found: dict[str, int] = {}
    with consumer(connection) as client:
        for (topic, partition), (low, high) in bounds(connection, topics).items():
            if high > low:
                found[topic] = max(found.get(topic, 0), append_ms(client, topic, partition, high - 1))
    return found


def work_of(connection: Connection, edges: Sequence[Edge], now_s: float) -> list[Work]:
    """Lag and last output of every station and connector."""
    names = connection.names
    outputs = last_append_ms(connection, [names.topic(e.writes) for e in edges])
    found = []
    for edge in edges:
        gauged = gauges(connection, edge.name, [names.topic(t) for t in edge.reads])
        at = {place: offset for place, (offset, _) in gauged.items()}
        lows = {p: low for p, (low, _) in bounds(connection, sorted({topic for topic, _ in at})).items()}
        lag = sum(lag_of(connection, at).values())
        said = outputs.get(names.topic(edge.writes))
        waits_s = oldest_waits_s(connection, at, now_s) if lag else 0.0
        since_s = None if said is None else max(0.0, now_s - said / 1000)
        found.append(Work(edge.name, lag, since_s, waits_s, *losses(gauged, lows)))
    return found


def oldest_waits_s(connection: Connection, at: Mapping[tuple[str, int], int | None], now_s: float) -> float:
    """Seconds since the log took the oldest record that is not read yet; 0 where all is read."""
    waits_s = 0.0
    with consumer(connection) as client:
        for (topic, partition), (low, high) in bounds(connection, sorted({topic for topic, _ in at})).items():
            position = max(low, at.get((topic, partition)) or low)
            if position < high and (appended := append_ms(client, topic, partition, position)):
                waits_s = max(waits_s, now_s - appended / 1000)
    return waits_s


def part_rows(state: State) -> list[dict[str, Any]]:
    """The supervisor's processes as rows. One that has gone is dead, also where a full disk kept its file from
    saying so.
    """
    rows = []
    for name, part in state.parts.items():
        gone = part.pid is not None and start_ticks(part.pid) is None
        is_now, pid, says = (
            ("dead", None, "its process has gone") if gone else (part.state, part.pid, part.last_error)
        )
        rows.append({"part": name, "state": is_now, "pid": pid, "restarts": part.restarts, "says": says})
    return rows


def station_rows(works: Sequence[Work], stall_s: float) -> list[dict[str, Any]]:
    """The stations' work as rows."""
    rows = []
    for work in works:
        why = stalled(work, stall_s)
        state = "stalled" if why or work.waits_for else "ok"
        says = [why or f"lag {work.lag}"]
        if work.waits_for:
            says.append(work.waits_for)
        if work.lost:
            says.append(f"{work.lost} records were deleted before it read them (retention)")
        if work.spoilt:
            says.append(
                f"little but dead letters from {', '.join(s or 'unknown streams' for s in work.spoilt)}: "
                "mend the producer"
            )
        rows.append({"part": work.name, "state": state, "pid": None, "restarts": None, "says": "; ".join(says)})
    return rows


def stream_rows(told: Sequence[Told]) -> list[dict[str, Any]]:
    """What producers have to mend, as rows."""
    return [
        {"part": f"stream {t.stream_id}", "state": t.state, "pid": None, "restarts": None, "says": t.says}
        for t in told
    ]


def disk_rows(folder: Path) -> list[dict[str, Any]]:
    """A row if the data folder's disk is full or nearly so: what fails then fails for that reason."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return []
    if free >= LEAST_FREE_BYTES:
        return []
    says = f"{free >> 20} MiB are free at {folder}: make room, all goes on by itself from where it stands"
    return [{"part": "disk", "state": "full", "pid": None, "restarts": None, "says": says}]


def is_healthy(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every part is as it should be. What a producer does wrong does not make the platform sick."""
    return any(row["state"] in FINE for row in rows) and all(row["state"] in (*FINE, *FOREIGN) for row in rows)


def rows_of(settings: Settings) -> tuple[list[dict[str, Any]], bool]:
    """Every part as a row, and whether all is well."""
    state = read_state(settings.run_folder)
    rows = disk_rows(settings.data) + (part_rows(state) if state.running else [])
    try:
        connection, now_s = log_of(settings), time.time()
        rows += station_rows(work_of(connection, ROUTE, now_s), settings.stall_s)
        rows += stream_rows(silences(connection, settings.stall_s, now_s))
        rows += stream_rows(breaches(connection, now_s))
    except LogAway as error:
        rows.append({"part": "log", "state": "away", "pid": None, "restarts": None, "says": str(error)})
    except NotRunning as error:
        rows.append({"part": "platform", "state": "stopped", "pid": None, "restarts": None, "says": str(error)})
    except KafkaException as error:
        rows.append({"part": "log", "state": "away", "pid": None, "restarts": None, "says": error.args[0].str()})
    except Exception as error:  # noqa: BLE001 (the registry's client raises whatever its HTTP library does)
        says = f"{type(error).__name__}: {error}"
        rows.append({"part": "registry", "state": "away", "pid": None, "restarts": None, "says": says})
    return rows, is_healthy(rows)
