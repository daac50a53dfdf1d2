"""What the store holds of one session: rows by table, models, digests."""

import time
from collections.abc import Callable, Sequence

from deploy.settings import Settings
from deploy.watch import SessionWatch
from topics.catalog import CATALOG

DERIVED = tuple(t.noun for t in CATALOG if t.kind == "derived")


def stored_rows(
    settings: Settings, watch: SessionWatch, go_on: Callable[[], bool], deadline_s: float = 120
) -> dict[str, int]:
    """Rows of the session by table, once the sink has caught up with the log."""
    from deploy.commands.ask import client

    until = time.monotonic() + deadline_s
    with client(settings) as store:
        while True:
            rows = {noun: session_rows(store, noun, watch.session_id) for noun in watch.counts}
            if rows == watch.counts or time.monotonic() > until or not go_on():
                return rows
            time.sleep(0.2)


def session_rows(store: object, noun: str, session_id: str) -> int:
    """Rows of one noun and session, end marks left out."""
    text = f"SELECT count() FROM {noun} WHERE run = 'live' AND session_id = {{session:String}} AND NOT end"  # noqa: S608 (a noun of the catalog)
    return int(store.query(text, parameters={"session": session_id}).first_row[0])  # type: ignore[attr-defined]


def models_of(settings: Settings, session_id: str) -> dict[str, str]:
    """What computed each noun, as its records say."""
    from deploy.commands.ask import client

    with client(settings) as store:
        return {
            noun: ", ".join(models)
            for noun in ("detections", "faces", "utterances", "speech", "sounds", "events")
            if (models := models_of_noun(store, noun, session_id))
        }


def models_of_noun(store: object, noun: str, session_id: str) -> Sequence[str]:
    """Names and versions of the models behind a noun's records."""
    text = (
        f"SELECT DISTINCT concat(model_name, ' ', model_version) FROM {noun} "  # noqa: S608 (a noun of the catalog)
        "WHERE run = 'live' AND session_id = {session:String} AND NOT end ORDER BY 1"
    )
    found = store.query(text, parameters={"session": session_id}).result_rows  # type: ignore[attr-defined]
    return [row[0].strip() for row in found]


def digests_of(settings: Settings) -> dict[str, str]:
    """A fingerprint of every derived table; equal for equal content, whoever was killed meanwhile."""
    from connectors.clickhouse.schema import connect, digests
    from deploy.commands.parts import store_address

    address = store_address(settings)
    with connect(address) as client:
        return digests(client, databases=address.databases, nouns=DERIVED)
