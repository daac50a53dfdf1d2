"""The API over a real log and a real store that hold the invented stream."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.store import Clickhouse
from connectors.objects import FolderStore
from schemas.records import Highlight
from tests.fixtures_kafka import eventually
from tests.story import Story, Teller, file_session
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.registry import Serde


@dataclass(frozen=True, slots=True)
class Told:
    """The API's client, who wrote what it tells, and what that was."""

    client: TestClient
    teller: Teller
    story: Story
    highlights: list[Highlight]
    objects: Path
    store_url: str

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def told(
    broker: str, registry_url: str, store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    connection = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=2)
    with Serde(connection) as serde:
        serde.register()
    ensure_topics(connection)
    database = f"t_{secrets.token_hex(6)}"
    store = clickhouse_connect.get_client(dsn=store_url, dedicated_pool=True)
    teller = Teller(connection, store, database)
    teller.make_tables()
    objects = tmp_path_factory.mktemp("objects")
    story = Story(
        "stage", file_session("stage"), gap_s=(29.0, 31.0), cut="its first 1.50 s have expired", gone="no packets"
    )
    highlights = story.tell(teller, objects)
    place = Clickhouse(store_url, database, f"{database}_log")
    with TestClient(create_app(connection, place, FolderStore(objects))) as client:
        eventually(lambda: client.get("/readyz").json()["ready"])
        yield Told(client, teller, story, highlights, objects, store_url)
    store.close()
