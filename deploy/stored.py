"""What the store holds of one session: rows by table, models, digests."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from deploy.settings import Settings
from deploy.watch import SessionWatch
from topics.catalog import CATALOG

T = TypeVar("T")
DERIVED = tuple(t.noun for t in CATALOG if t.kind == "derived")


def patiently(
    settings: Settings, ask: Callable[[Any], T], go_on: Callable[[], bool], deadline_s: float = 120
) -> T:
    """What `ask` says of a client of the store; asked again while the store is away."""
    from clickhouse_connect.driver.exceptions import Error

    from connectors.clickhouse.schema import connect
    from deploy.commands.parts import store_address

    address, until = store_address(settings), time.monotonic() + deadline_s
    while True:
        try:
            with connect(address) as client:
                return ask(client)
        except (Error, OSError):
            if time.monotonic() > until or not go_on():
                raise
            time.sleep(0.2)


def stored_rows(
    settings: Settings, watch: SessionWatch, go_on: Callable[[], bool], deadline_s: float = 120
) -> dict[str, int]:
    """Rows of the session by table, once the sink has caught up with the log."""
    until = time.monotonic() + deadline_s

    def count(store: Any) -> dict[str, int]:
        views = settings.clickhouse_database
        return {noun: session_rows(store, f"{views}.{noun}", watch.session_id) for noun in watch.counts}

    while True:
        rows = patiently(settings, count, go_on)
        if rows == watch.counts or time.monotonic() > until or not go_on():
            return rows
        time.sleep(0.2)


def session_rows(store: Any, view: str, session_id: str) -> int:
    """Rows of one noun and session, end marks left out."""
    text = f"SELECT count() FROM {view} WHERE run = 'live' AND session_id = {{session:String}} AND NOT end"  # noqa: S608 (a noun of the catalog)
    return int(store.query(text, parameters={"session": session_id}).first_row[0])


def models_of(settings: Settings, session_id: str, go_on: Callable[[], bool]) -> dict[str, str]:
    """What computed each noun, as its records say."""
    views = settings.clickhouse_database
    nouns = ("detections", "faces", "utterances", "speech", "sounds", "events")
    found = patiently(
        settings, lambda store: {n: models_of_noun(store, f"{views}.{n}", session_id) for n in nouns}, go_on
    )
    return {noun: ", ".join(models) for noun, models in found.items() if models}


def models_of_noun(store: Any, view: str, session_id: str) -> Sequence[str]:
    """Names and versions of the models behind a noun's records."""
    text = (
        f"SELECT DISTINCT concat(model_name, ' ', model_version) FROM {view} "  # noqa: S608 (a noun of the catalog)
        "WHERE run = 'live' AND session_id = {session:String} AND NOT end ORDER BY 1"
    )
    found = store.query(text, parameters={"session": session_id}).result_rows
    return [row[0].strip() for row in found]


def digests_of(settings: Settings, go_on: Callable[[], bool]) -> dict[str, str]:
    """A fingerprint of every derived table; equal for equal content, whoever was killed meanwhile."""
    from connectors.clickhouse.schema import digests
    from deploy.commands.parts import store_address

    names = store_address(settings).databases
    return patiently(settings, lambda store: digests(store, databases=names, nouns=DERIVED), go_on)
