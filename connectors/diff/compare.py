"""Compares one noun of one session: two iterators of records in, findings out."""

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.diff.config import Config
from connectors.diff.findings import Findings, Session
from connectors.diff.nouns import BY_NAME
from connectors.diff.survey import Stretch


def findings_of(config: Config) -> Findings:
    """Nothing found yet."""
    return Findings(config.examples, round(config.apart_s * 1e6))


def compare(
    noun: str,
    session: Session,
    a: Iterable[Any],
    b: Iterable[Any],
    stretch: Stretch,
    config: Config,
    findings: Findings,
) -> None:
    """Adds to `findings` how B's records of a session differ from A's; both in the order of the log, to be read
    more than once.
    """
    findings.session = session
    BY_NAME[noun].compare(Held(a, stretch), Held(b, stretch), config, findings)


class Held:
    """The records of a stretch, read anew each time."""

    def __init__(self, records: Iterable[Any], stretch: Stretch) -> None:
        if iter(records) is records:
            raise TypeError("an iterator can be read once only")
        self._records, self._stretch = records, stretch

    def __iter__(self) -> Iterator[Any]:
        return (r for r in self._records if self._stretch.holds(r))
