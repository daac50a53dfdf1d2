"""Ids that a recomputed record has again: uuid5 of what it is, never of when or where it was computed."""

from collections.abc import Mapping
from uuid import UUID, uuid5

NAMESPACE = UUID("8f7d2f0e-6a0b-5c1e-9d0b-6672616d656c")


def record_id(station: str, stream_id: str, session_id: str, seq: int) -> str:
    """Id of the record that `station` says at `seq` of a session."""
    return str(uuid5(NAMESPACE, f"{station}\n{stream_id}\n{session_id}\n{seq}"))


def part_id(of: str, index: int) -> str:
    """Id of the `index`-th part (box, word, person …) of the record with id `of`."""
    return str(uuid5(UUID(of), str(index)))


def repaired_session_id(session_id: str, repairs: Mapping[str, str]) -> str:
    """Session of a copy in which the messages at some places (TOPIC/PARTITION@OFFSET) hold other bytes, given by
    their SHA-256: the same repairs make the same session.
    """
    told = "\n".join(f"{place} {sha256}" for place, sha256 in sorted(repairs.items()))
    return str(uuid5(NAMESPACE, f"repaired\n{session_id}\n{told}"))


def file_session_id(sha256: str, settings: str) -> str:
    """Session of a file: the same content with the same settings is the same session."""
    return str(uuid5(NAMESPACE, f"file\n{sha256}\n{settings}"))
