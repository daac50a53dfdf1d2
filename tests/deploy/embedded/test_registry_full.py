"""The embedded registry on a full disk: it says what it could not write, and is well as soon as there is room."""

import sqlite3
from pathlib import Path

import pytest

from deploy.embedded.registry_store import RegistryStore
from tests.small_disk import resize, small_disk, used_bytes


def schema(n: int) -> str:
    """A schema of some length."""
    fields = ",".join(f'{{"name":"f{n}_{k}","type":"int","default":0}}' for k in range(200))
    return f'{{"type":"record","name":"r{n}","fields":[{fields}]}}'


def fill_up(store: RegistryStore, n: int) -> None:
    """Registers schemas until there is no room: what the file has set aside may hold the first."""
    for k in range(50):
        store.register(f"s{n}-{k}", schema(50 * n + k))


def test_a_schema_that_found_no_room_is_refused_and_taken_once_there_is_some(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        store = RegistryStore(disk / "schemas.db")
        first = store.register("s0", schema(0))
        resize(disk, used_bytes(disk))
        for n in range(1, 4):
            with pytest.raises(sqlite3.Error):
                fill_up(store, n)
        assert store.text(first.id) == first.text
        resize(disk, 8 << 20)
        assert store.register("s9", schema(9)).text
        assert store.register("s0", schema(0)).id == first.id
        store.close()
        again = RegistryStore(disk / "schemas.db")
        assert again.text(first.id) == first.text
        again.close()
