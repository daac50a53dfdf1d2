"""`framelog verify` on the played clip: what a clean run looks like to it."""

import pytest

from connectors.clickhouse.schema import StoreAddress
from connectors.objects import FolderStore
from connectors.verify import CHECKS, verify
from tests.route.played import Played
from tests.route.reopened import Log

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.store, pytest.mark.media, pytest.mark.timeout(900)]


def test_nothing_is_wrong_with_a_played_clip(reopened: Log, reopened_store: str, played: Played) -> None:
    objects = FolderStore(played.data / "objects")
    report = verify(reopened.connection, StoreAddress(reopened_store), objects)
    print(report)
    print({r["check"]: r["looked at"] for r in report.rows()})
    assert report.ok, str(report)
    assert not report.told, report.told
    assert set(report.counted) | {"repeats", "letters"} >= set(CHECKS), report.counted
