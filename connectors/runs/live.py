"""What live ran with, and from when: one record a change in `<prefix>.runs`, beside the records of runs.

A change is named by what it is: station, and a digest of its settings and of the change before. So processes that
start at the same time with the same settings write the same record under the same key, wherever they run, and
nobody has to be shut out; who starts again with the same settings writes nothing. A change holds from when the log
took it, by the clock of `recorded_at`.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, cast

import msgspec
from confluent_kafka import KafkaException, Message, Producer

from connectors.runs.record import Used
from topics.connection import Connection
from topics.names import LIVE
from topics.read import read

FLUSH_S = 30.0
MARK = f"{LIVE}/"
# No run's name has a slash in it.
WHO = "framelog.who"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a station of live runs with. `asked`: what is not as by default, in words; `config`: all of it."""

    station: str
    profile: str
    config: dict[str, Any]
    model: Used
    build: str
    asked: tuple[str, ...] = ()
    version: int = 1


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A setting, and from when it holds (ms, by the log's clock). `key`: its name in the log."""

    setting: Setting
    since_ms: int
    who: str = ""
    key: str = ""


History = dict[str, tuple[Held, ...]]
"""By station, the earliest change first."""


def key_of(setting: Setting, before: Held | None) -> str:
    """What a change is called: the same for the same settings after the same change."""
    digest = sha256((before.key if before else "").encode() + msgspec.json.encode(setting)).hexdigest()
    return f"{MARK}{setting.station}/{digest[:32]}"


def due(history: Mapping[str, Sequence[Held]], settings: Iterable[Setting]) -> dict[str, Setting]:
    """Those of the settings that are other than what holds by now, by the keys of their records."""
    found = {}
    for given in settings:
        setting = msgspec.json.decode(msgspec.json.encode(given), type=Setting)  # as it is kept: lists, not tuples
        mine = history.get(setting.station)
        before = mine[-1] if mine else None
        if before is None or before.setting != setting:
            found[key_of(setting, before)] = setting
    return found


def told(changes: Iterable[Held]) -> History:
    """Changes in the log's order, by station; one that changes nothing, or is there already, is left out."""
    found: dict[str, list[Held]] = {}
    for held in changes:
        mine = found.setdefault(held.setting.station, [])
        if not mine or (mine[-1].setting != held.setting and held.key not in {h.key for h in mine}):
            mine.append(held)
    return {station: tuple(mine) for station, mine in found.items()}


def during(changes: Sequence[Held], from_ms: int, until_ms: int) -> tuple[Held, ...]:
    """What held at some time from `from_ms` to `until_ms`, both of it; the first holds from later than `from_ms`
    on where what held before was not written down.
    """
    begun = [h for h in changes if h.since_ms <= until_ms]
    before = [h for h in begun if h.since_ms <= from_ms]
    return tuple(begun[max(0, len(before) - 1) :])


def as_of(history: Mapping[str, Sequence[Held]], at_ms: int | None = None) -> dict[str, Held]:
    """What held at a time, by station; now where none is said."""
    begun = {s: [h for h in mine if at_ms is None or h.since_ms <= at_ms] for s, mine in history.items()}
    return {station: mine[-1] for station, mine in begun.items() if mine}


def history(connection: Connection) -> History:
    """What live ran with, as the log has it; KafkaException if there is no such log."""
    return told(filter(None, map(change_of, read(connection, [connection.names.runs]))))


def change_of(message: Message) -> Held | None:
    """The change that a record of `<prefix>.runs` tells; None for the record of a run."""
    key, value = (message.key() or b"").decode(), message.value()
    if not key.startswith(MARK) or value is None:
        return None
    who = cast(bytes, dict(message.headers() or ()).get(WHO) or b"").decode()
    setting = msgspec.json.decode(value, type=Setting)
    return Held(setting=setting, since_ms=message.timestamp()[1], who=who, key=key)


def note(connection: Connection, settings: Iterable[Setting], who: str = "") -> list[str]:
    """Writes down what live runs with from now on, where that is new, and answers with the stations it is new of.

    KafkaException or TimeoutError if the log does not take it.
    """
    changes = due(history(connection), settings)
    if not changes:
        return []
    errors: list[KafkaException] = []
    producer = Producer(connection.producer())
    for key, setting in changes.items():
        producer.produce(
            connection.names.runs,
            key=key.encode(),
            value=msgspec.json.encode(setting),
            partition=0,  # one and the same, so that they are in one order
            headers=[(WHO, who.encode())],
            on_delivery=lambda error, _: errors.append(KafkaException(error)) if error else None,
        )
    left = producer.flush(FLUSH_S)
    if errors:
        raise errors[0]
    if left:
        raise TimeoutError(f"the log did not take what live runs with within {FLUSH_S:.0f} s")
    return [setting.station for setting in changes.values()]
