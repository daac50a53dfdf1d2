"""Whether two databases hold the same of a stretch of the log, and what one holds that the log has no more."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import fingerprint
from connectors.rebuild.positions import Part
from topics.catalog import CATALOG

PLACE = "concat(topic, '/', toString(partition))"
KNOWN = f"has({{keys:Array(String)}}, {PLACE})"
FROM_LOW = f"offset >= transform({PLACE}, {{keys:Array(String)}}, {{lows:Array(Int64)}}, 0)"
BEFORE = f"offset < transform({PLACE}, {{keys:Array(String)}}, {{untils:Array(Int64)}}, 0)"
WITHIN = f"run = {{run:String}} AND {KNOWN} AND {FROM_LOW} AND {BEFORE}"
GONE = f"run = {{run:String}} AND (NOT {KNOWN} OR NOT {FROM_LOW})"


@dataclass(frozen=True, slots=True)
class Compared:
    """A noun of a run: fingerprints of what both databases hold of the stretch that the log has, and rows of the
    old one that the log has no records of any more, with the places of the first and the last of them.
    """

    run: str
    noun: str
    old: str
    new: str
    gone: int = 0
    first_gone: str = ""
    last_gone: str = ""

    @property
    def equal(self) -> bool:
        """Whether both hold the same of what the log has."""
        return self.old == self.new


def compare(client: Any, old: Databases, new: Databases, parts: Sequence[Part]) -> list[Compared]:
    """Every noun of every run that either the log or the old database knows."""
    known: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for part in parts:
        known[part.source.run, part.source.topic.noun].append(part)
    for topic in CATALOG:
        runs = client.query(f"SELECT DISTINCT run FROM {old.log}.{topic.noun}").result_rows  # noqa: S608 (names of the catalog)
        for (run,) in runs:
            known.setdefault((run, topic.noun), [])
    order = {t.noun: n for n, t in enumerate(CATALOG)}
    return [
        _compared(client, old, new, run, noun, known[run, noun])
        for run, noun in sorted(known, key=lambda key: (key[0] != "live", key[0], order[key[1]]))
    ]


def _compared(client: Any, old: Databases, new: Databases, run: str, noun: str, parts: Sequence[Part]) -> Compared:
    asked = {
        "run": run,
        "keys": [f"{p.source.name}/{p.partition}" for p in parts],
        "lows": [p.low for p in parts],
        "untils": [p.until for p in parts],
    }
    prints = [fingerprint(client, noun, names, WITHIN if parts else "0", asked) for names in (old, new)]
    gone, first, last = client.query(
        "SELECT count(), argMin(place, (topic, partition, offset)), argMax(place, (topic, partition, offset)) "  # noqa: S608 (names of the catalog)
        "FROM (SELECT topic, partition, offset, concat(topic, '/', toString(partition), '/', toString(offset)) "
        f"AS place FROM {old.log}.{noun} FINAL WHERE {GONE if parts else 'run = {run:String}'})",
        parameters=asked,
    ).first_row
    return Compared(run, noun, prints[0], prints[1], int(gone), first, last)
