"""Compares one noun of one session: two iterators of records in, findings out."""

from collections.abc import Iterable
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
    """Adds to `findings` how B's records of a session differ from A's; both in the order of the log."""
    findings.session = session
    BY_NAME[noun].compare((r for r in a if stretch.holds(r)), (r for r in b if stretch.holds(r)), config, findings)
