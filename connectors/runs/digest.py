"""Digests of what a run says: equal if and only if it said the same records, byte for byte, in the same order."""

from collections import defaultdict
from hashlib import sha256
from typing import Any

from connectors.runs.record import Outcome
from schemas.records import Record

Session = tuple[str, str]


class Digests:
    """Takes records of many nouns and sessions as they lie in the log.

    By the reader's rule a record whose seq is not above the last one's is a repeat and left out; `repeats` counts
    those. How sessions and topics interleave makes no difference: there is one SHA-256 a session, and the noun's
    is taken over those in the order of their names.
    """

    def __init__(self) -> None:
        self.repeats = 0
        self.reached_us: dict[tuple[str, Session], int] = {}
        self.ended: set[tuple[str, Session]] = set()
        self._hashes: dict[str, dict[Session, Any]] = defaultdict(dict)
        self._seqs: dict[tuple[str, Session], int] = {}
        self._counts: dict[str, dict[Session, int]] = defaultdict(lambda: defaultdict(int))

    def take(self, noun: str, record: Record, value: bytes) -> bool:
        """Takes the next record of a noun and the bytes that it lies in the log as; False for a repeat."""
        session = record.stream_id, record.session_id
        if record.seq <= self._seqs.get((noun, session), -1):
            self.repeats += 1
            return False
        self._seqs[noun, session] = record.seq
        self.reached_us[noun, session] = record.pts_us
        if record.end:
            self.ended.add((noun, session))
        if session not in self._hashes[noun]:
            self._hashes[noun][session] = sha256()
        self._hashes[noun][session].update(len(value).to_bytes(8, "big") + value)
        self._counts[noun][session] += 1
        return True

    def outcome(self, noun: str) -> Outcome:
        """What was said on a noun."""
        whole = sha256()
        for (stream, session), state in sorted(self._hashes[noun].items()):
            count = self._counts[noun][stream, session]
            whole.update(f"{stream}\0{session}\0{count}\0{state.hexdigest()}\n".encode())
        return Outcome(sum(self._counts[noun].values()), whole.hexdigest())
