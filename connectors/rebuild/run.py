"""A rebuild from beginning to end: fill, compare, swap."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress, connect, drop, ensure_schema
from connectors.rebuild.alone import alone
from connectors.rebuild.compare import Compared, compare
from connectors.rebuild.fill import Filler, tops
from connectors.rebuild.positions import Key, Part, Positions
from connectors.rebuild.swap import NotSwapped, lift, swap
from connectors.runs.ledger import runs
from topics.connection import Connection

NEAR = 20_000  # offsets that are few enough to be read while sinks are held up
MARK = "rebuild"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rebuild found and did. `swapped`: readers see the new tables. `held_s`: how long sinks waited."""

    nouns: tuple[Compared, ...]
    swapped: bool
    held_s: float = 0.0

    @property
    def equal(self) -> bool:
        """Whether the new database equals the old one in all that the log still has."""
        return all(c.equal for c in self.nouns)

    @property
    def gone(self) -> int:
        """Rows of the old database whose records the log has no more."""
        return sum(c.gone for c in self.nouns)


def rebuild(
    connection: Connection,
    address: StoreAddress,
    name: str,
    *,
    force: bool = False,
    drop_old: bool = False,
    told: Callable[[int, int], None] = lambda _done, _left: None,
) -> Outcome:
    """Makes the database `name` from the log, compares it with `address.databases` and exchanges their tables.

    It is not exchanged where the two differ or the log lacks records of old rows, unless `force` says so. The old
    tables are left under `name`, unless `drop_old`. `told` hears how many offsets were read, and how many are
    left. NotSwapped if `name` holds anything else, or the new tables do not come level; Taken if another rebuild
    of `address.databases` is at work, under whatever name: each would lift the other's barrier.
    """
    old, new = address.databases, Databases(name)
    with alone(connection, old.views) as check, connect(address) as client:
        _prepare(client, old, new, drop_old)
        filler = Filler(connection, replace(address, databases=new), client)
        positions = Positions(connection, _rowed(connection, client, old))
        try:
            found = _filled(positions, filler, told)
            nouns = tuple(compare(client, old, new, found))
            outcome = Outcome(nouns, swapped=False)
            if not force and (outcome.gone or not outcome.equal):
                return outcome
            # What the log lacks can not be waited for.
            gone = _unreachable(client, old, found)
            held_s = swap(client, old, new, filler, lambda: positions.parts(fresh=False), gone, check)
        finally:
            filler.close()
            positions.close()
        _mark(client, new, "old")
        if drop_old:
            drop(client, new)
        return Outcome(nouns, swapped=True, held_s=held_s)


def _rowed(connection: Connection, client: Any, old: Databases) -> set[str]:
    """Runs that the old database has rows of, and those that are written down as having had some."""
    return {run for run, _, _ in tops(client, old)} | {r.name for r in runs(connection).values() if r.rows}


def _filled(positions: Positions, filler: Filler, told: Callable[[int, int], None]) -> list[Part]:
    """Fills until little is left of what comes meanwhile; where the parts stood at last."""
    done = 0
    while True:
        found = positions.parts()
        left = filler.behind(found)

        def progress(count: int) -> None:
            nonlocal done, left
            done, left = done + count, left - count
            told(done, max(0, left))

        near = left <= NEAR
        filler.fill(found, progress)
        if near:
            return found


def _unreachable(client: Any, old: Databases, found: list[Part]) -> set[tuple[str, Key]]:
    low = {(p.source.run, p.key): p.low for p in found}
    return {
        (run, (topic, partition))
        for (run, topic, partition), top in tops(client, old).items()
        if top < low.get((run, (topic, partition)), top + 1)
    }


def _prepare(client: Any, old: Databases, new: Databases, drop_old: bool) -> None:
    if new.views == old.views:
        raise NotSwapped(f"{new.views} is the database that is there: name another one with --database")
    ensure_schema(client, old)
    lift(client, old)  # of a swap that was killed
    state = _state(client, new)
    if state == "old" and drop_old:
        drop(client, new)
    elif state == "old":
        raise NotSwapped(
            f"{new.views} still holds the tables that the last rebuild replaced: give --drop-old, or name another "
            "database with --database"
        )
    elif state == "foreign":
        raise NotSwapped(f"{new.log} is there and no rebuild made it: name another database with --database")
    client.command(f"CREATE DATABASE IF NOT EXISTS {new.log}")
    client.command(
        f"CREATE TABLE IF NOT EXISTS {new.log}.{MARK} (state String, at DateTime64(6) DEFAULT now64(6)) "
        "ENGINE = MergeTree ORDER BY at"
    )
    if _state(client, new) != "filling":
        _mark(client, new, "filling")
    ensure_schema(client, new)
    lift(client, new)


def _state(client: Any, new: Databases) -> str:
    """`filling`, `old`, `foreign`, or nothing where the database is not there."""
    tables = client.query(
        "SELECT name FROM system.tables WHERE database = {d:String}", parameters={"d": new.log}
    ).result_rows
    if not tables:
        return ""
    if (MARK,) not in tables:
        return "foreign"
    found = client.query(f"SELECT state FROM {new.log}.{MARK} ORDER BY at DESC LIMIT 1").result_rows  # noqa: S608
    return str(found[0][0]) if found else "filling"


def _mark(client: Any, new: Databases, state: str) -> None:
    client.insert(f"{new.log}.{MARK}", [[state]], column_names=["state"])
