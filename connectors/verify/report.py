"""What a verification found: checks with counts, faults with their place, and what is told without being one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 5
CHECKS = {
    "form": "bytes are a record of the topic's noun, by a schema that the registry knows",
    "key": "the key is the stream, the partition is the key's",
    "seq": "seq is dense per topic, stream and session",
    "time": "pts_us and watermark_us never fall, nothing lies below an earlier watermark",
    "end": "one end mark a session and topic, nothing in it and nothing behind it",
    "id": "ids computed again are equal",
    "status": "whoever answers is named; what is no answer says why",
    "headers": "headers name the record and the input that it came of",
    "repeats": "what was written twice is the same bytes",
    "answers": "a Map answers each input once, at its seq",
    "ends": "a session that has ended on all inputs of a station has ended on its output",
    "announced": "what a producer did wrong is told on streams",
    "letters": "what could not be used is in the dead letters, bytes unchanged",
    "raw references": "places named lie in the log, in the same session, at the right time",
    "derived references": "ids named belong to records of the same session",
    "clips": "objects are in the store with the size and sha256 that their records say",
    "rows": "rows of the store equal the records, column by column, none missing, none too many",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A breach. `place` says where, `look` how to see it."""

    check: str
    place: str
    text: str
    look: str = ""

    def __str__(self) -> str:
        return f"{self.check}: {self.place}: {self.text}" + (f"  ({self.look})" if self.look else "")


@dataclass(slots=True)
class Report:
    """Counts by check, the first few faults of each, and what else there is to tell.

    told: `doubles` (repeats that every reader drops), `behind` (not written yet), `gone` (named, and removed by
        retention), `outside` (named, and not in the range that was read), `poison` (raw messages of no use).
    digests: Per noun, count and fingerprint of the records' bytes, each seq once, whatever their order.
    """

    run: str = "live"
    stream: str = ""
    counted: Counter[str] = field(default_factory=Counter)
    faulty: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    digests: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def count(self, check: str, number: int = 1) -> None:
        """So many more things were looked at."""
        self.counted[check] += number

    def fault(self, check: str, place: str, text: str, look: str = "") -> None:
        """Notes a breach; the first few of each check are kept with their place."""
        self.faulty[check] += 1
        if self.faulty[check] <= EXAMPLES:
            self.faults.append(Fault(check, place, text, look or f"framelog dlq show {place}"))

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faulty

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each check."""
        for name, text in CHECKS.items():
            result = f"left out: {self.skipped[name]}" if name in self.skipped else ""
            result = result or ("FAULTY" if self.faulty[name] else "ok" if self.counted[name] else "nothing")
            yield {"check": name, "looked at": self.counted[name], "faults": self.faulty[name],
                   "result": result, "means": text}  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "ok": self.ok, "run": self.run, "stream": self.stream, "records": dict(self.records),
            "checks": list(self.rows()), "told": dict(self.told), "digests": self.digests,
            "faults": [{"check": f.check, "place": f.place, "text": f.text, "look": f.look} for f in self.faults],
        }  # fmt: skip

    def __str__(self) -> str:
        """For an assertion's message."""
        head = f"{sum(self.records.values())} records, {sum(self.faulty.values())} faults, told {dict(self.told)}"
        return "\n".join([head, *map(str, self.faults)])
