"""Where a chain's records are looked up: places and rows in ClickHouse, the records themselves in the log.

The log is the truth: a record counts as the log has it. Where the log has deleted it, the store's row stands in,
and the answer says so. Without a store the derived topics are read through, once for each depth of the chain.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from confluent_kafka import Message

from connectors.why.chain import Found
from connectors.why.links import Derived, Key, Raw
from schemas.codec import Undecodable
from topics.catalog import BY_NOUN, CATALOG
from topics.connection import Connection
from topics.fetch import Absent, At, Fetcher
from topics.names import LIVE, Names
from topics.read import existing, read
from topics.registry import Serde

Ask = Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]
NOUNS = tuple(t.noun for t in CATALOG if t.kind == "derived")
ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}", re.ASCII)
AT_ONCE = 1000  # ids of one question


class Library:
    """Looks records of one run up. Upstream records that the run has none of its own of are those of live."""

    def __init__(
        self,
        connection: Connection,
        serde: Serde,
        fetcher: Fetcher,
        ask: Ask | None,
        log_database: str,
        run: str = LIVE,
    ) -> None:
        self._connection = replace(connection, names=Names(connection.names.prefix, run))
        self._serde, self._fetcher, self._ask = serde, fetcher, ask
        self._database = log_database
        self._runs: tuple[str, ...] = (run,)
        self._stream: tuple[str, str] | None = None

    def root(self, record_id: str) -> Derived | None:
        """The record with this id, whatever its noun; None if the run has none."""
        if not (ID.fullmatch(record_id) and ID.fullmatch(self._runs[0])):
            return None
        keys = [Derived(noun, record_id) for noun in NOUNS]
        found = self._rows(keys) if self._ask else self._scan(keys)
        for key in keys:
            if key in found:
                row = found[key].fields
                self._stream = (row["stream_id"], row["session_id"])
                self._runs = tuple(dict.fromkeys((*self._runs, LIVE)))
                return key
        return None

    def fetch(self, keys: Collection[Key]) -> Mapping[Key, Found]:
        """What is known of each key; a key of which nothing is known is left out."""
        derived = [k for k in keys if isinstance(k, Derived) and ID.fullmatch(k.id) and k.noun in NOUNS]
        raw = {k: self._raw(k) for k in keys if isinstance(k, Raw)}
        if self._ask is None:
            return raw | self._scan(derived)
        return raw | self._as_logged(self._rows(derived))

    def _rows(self, keys: Collection[Derived]) -> dict[Key, Found]:
        """Rows of the store; of several runs the first one's."""
        assert self._ask is not None
        by_noun: dict[str, list[str]] = {}
        for key in keys:
            by_noun.setdefault(key.noun, []).append(key.id)
        found: dict[Key, Found] = {}
        for noun, ids in by_noun.items():
            for first in range(0, len(ids), AT_ONCE):
                for row in self._ask(*self._question(noun, ids[first : first + AT_ONCE])):
                    at = At(row["topic"], row["partition"], row["offset"])
                    found.setdefault(Derived(noun, row["id"]), Found("store", "", row["run"], at, row))
        return found

    def _question(self, noun: str, ids: list[str]) -> tuple[str, dict[str, Any]]:
        stream, session = self._stream or ("", "")
        where = " AND stream_id = {stream:String} AND session_id = {session:String}" if self._stream else ""
        runs = ", ".join(f"'{run}'" for run in self._runs)
        listed = ", ".join(f"'{i}'" for i in ids)
        return (
            f"SELECT * FROM {self._database}.{noun} WHERE run IN ({runs}){where} AND id IN ({listed}) "  # noqa: S608 (checked)
            f"AND NOT end ORDER BY run = '{LIVE}', offset",
            {"stream": stream, "session": session},
        )

    def _as_logged(self, rows: Mapping[Key, Found]) -> dict[Key, Found]:
        """The same records as the log has them, where it still has them."""
        messages = self._fetcher.fetch(f.at for f in rows.values() if f.at)
        out: dict[Key, Found] = {}
        for key, found in rows.items():
            assert found.at is not None
            out[key] = self._decoded(key, found, messages[found.at])
        return out

    def _decoded(self, key: Key, found: Found, message: Message | Absent) -> Found:
        if isinstance(message, Absent):
            return replace(found, why=message.why)
        record = self._serde.decode(message.value(), BY_NOUN[key.noun])
        if isinstance(record, Undecodable):
            return replace(found, why=f"the log's record can not be read: {record.reason}")
        fields = record.as_dict()
        if isinstance(key, Derived) and fields.get("id") != key.id:
            return replace(found, why="another record lies at its place: the log was made anew")
        return replace(found, state="log", fields=fields)

    def _raw(self, key: Raw) -> Found:
        known = self._fetcher.bounds(key.topic, key.partition)
        if known is None:
            return Found("missing", f"there is no {key.topic}/{key.partition}")
        low, high = known
        if low <= key.first and key.last < high:
            return Found("there")
        if key.last < low:
            return Found("missing", f"deleted by retention: the log begins at {low}")
        if key.first >= high:
            return Found("missing", f"not written: the log ends at {high}")
        return Found("partly", f"the log holds {low} … {high - 1}")

    def _scan(self, keys: Collection[Derived]) -> dict[Key, Found]:
        """Reads the topics of the keys through."""
        found: dict[Key, Found] = {}
        for run in self._runs:
            names = Names(self._connection.names.prefix, run)
            wanted = {names.topic(BY_NOUN[k.noun]): k.noun for k in keys}
            ids = {k.id.encode() for k in keys}
            for message in read(self._connection, existing(self._connection, list(wanted))):
                value = message.value() or b""
                if not _mentioned(value, ids):
                    continue
                noun = wanted[message.topic() or ""]
                record = self._serde.decode(value, BY_NOUN[noun])
                if isinstance(record, Undecodable) or record.end:
                    continue
                fields = record.as_dict()
                key = Derived(noun, fields["id"])
                if key.id.encode() in ids and key in keys and key not in found:
                    at = At(message.topic() or "", message.partition() or 0, message.offset() or 0)
                    found[key] = Found("log", "", run, at, fields)
        return found


UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _mentioned(value: bytes, ids: set[bytes]) -> set[bytes]:
    """Which of the ids occur in a record's bytes: Avro writes a string as its bytes."""
    if len(ids) < 8:
        return {i for i in ids if i in value}
    return ids.intersection(UUID.findall(value)) | {i for i in ids if len(i) != 36 and i in value}
