"""What the store knew at a time: which views take it, and how people write it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.clickhouse.ddl import AS_OF, FLAT
from topics.catalog import CATALOG

VIEWS = frozenset([t.noun for t in CATALOG] + [flat.name for flat in FLAT])
VIEWS_AS_OF = frozenset(f"{name}{AS_OF}" for name in VIEWS)
RELATIVE = re.compile(r"-(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
UNIT_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class BadTime(ValueError):
    """What was written is no time; the message says how one looks."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """A run as it was at a time of the log: of records that the log took at `at` or before. None: as it is now."""

    run: str = "live"
    at: datetime | None = None

    @property
    def text(self) -> str:
        """The time as the views take it: ISO 8601, in UTC, to the millisecond."""
        if self.at is None:
            return "2200-01-01T00:00:00.000Z"
        return self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str, now: datetime) -> datetime:
    """A time as people write it: ISO 8601 (UTC if it names no zone), or before `now`: `-10m`, `-1.5h`, `-3d`."""
    text = text.strip()
    found = RELATIVE.fullmatch(text)
    try:
        if found is not None:
            return now - timedelta(seconds=float(found[1]) * UNIT_S[found[2]])
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadTime(f"{text!r} is no time: write 2026-05-01T12:00:00Z, or -10m for ten minutes ago") from None


def as_of(run: str | None, at: str | None, now: datetime) -> AsOf | None:
    """What two options ask for; None where neither is given. BadTime for a time that is none."""
    if not run and not at:
        return None
    return AsOf(run or "live", instant(at, now) if at else None)
