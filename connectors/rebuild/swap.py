"""Puts the new tables in the place of the old ones while sinks write and people read.

The order: writes to the old tables are refused (a constraint that runs out by itself, so that a swap that is
killed holds nobody up) → what the sinks have closed, and the spans that they are trying to write, are put into the
new tables → the new ones hold whatever the old ones do → each pair of tables exchanges its names at once. A sink
that was refused tries its span again, and finds the new table, which knows the span's token.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from connectors.clickhouse.ddl import Databases
from connectors.rebuild.fill import Filler, tops
from connectors.rebuild.positions import Key, Part
from topics.catalog import CATALOG

BARRIER_S = 60
MARGIN_S = 10
LOOK_S = 0.3
NOUNS = [t.noun for t in CATALOG]


class NotSwapped(Exception):
    """The swap was given up, and everything is as it was; the message says why and what to do."""


@contextmanager
def barrier(client: Any, databases: Databases, seconds: int) -> Iterator[float]:
    """Inserts into the tables are refused meanwhile, for so many seconds at most; gives when that ends, by
    time.monotonic.
    """
    ends_s = time.monotonic() + seconds
    until = int(client.command("SELECT toUnixTimestamp(now())")) + seconds
    check = f"rebuilding CHECK now() > toDateTime({until})"
    try:
        for noun in NOUNS:
            client.command(f"ALTER TABLE {databases.log}.{noun} ADD CONSTRAINT IF NOT EXISTS {check}")
        yield ends_s
    finally:
        lift(client, databases)


def lift(client: Any, databases: Databases) -> None:
    """Takes the constraint away."""
    for noun in NOUNS:
        client.command(f"ALTER TABLE {databases.log}.{noun} DROP CONSTRAINT IF EXISTS rebuilding")


def lacking(client: Any, old: Databases, new: Databases, gone: set[tuple[str, Key]]) -> list[str]:
    """Partitions of which the old tables hold later rows than the new ones; `gone` are left out."""
    have = tops(client, new)
    return sorted(
        f"{topic}/{partition}"
        for (run, topic, partition), top in tops(client, old).items()
        if top > have.get((run, topic, partition), -1) and (run, (topic, partition)) not in gone
    )


def swap(
    client: Any,
    old: Databases,
    new: Databases,
    filler: Filler,
    look: Callable[[], list[Part]],
    gone: set[tuple[str, Key]],
    check: Callable[[], None],
) -> float:
    """Exchanges the tables; gives the seconds for which sinks were held up. `look` says where all parts stand,
    `check` raises if this process may not go on.

    Raises NotSwapped if the new tables do not come level in time.
    """
    began_s = time.monotonic()
    check()
    with barrier(client, old, BARRIER_S) as ends_s:
        level = 0
        while level < 2:  # twice: an insert that was under way at the first look has ended by the second
            parts = look()
            filler.fill(parts)
            filler.fill_announced(parts)
            late = lacking(client, old, new, gone)
            level = 0 if late else level + 1
            if time.monotonic() > ends_s - MARGIN_S:
                raise NotSwapped(
                    f"the new tables did not come level within {BARRIER_S - MARGIN_S} s ({', '.join(late[:3])}): "
                    "nothing was changed; call `framelog rebuild` again, it goes on from here"
                )
            time.sleep(LOOK_S)
        check()
        for noun in NOUNS:
            client.command(f"EXCHANGE TABLES {old.log}.{noun} AND {new.log}.{noun}")
    lift(client, new)
    return time.monotonic() - began_s
