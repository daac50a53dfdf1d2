"""The embedded ClickHouse on a full disk: an insert is refused whole, and taken once there is room; killed
meanwhile, it comes back with all that it had taken.
"""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures_kafka import eventually
from tests.fixtures_store import StoreProcess
from tests.small_disk import resize, small_disk, used_bytes

pytestmark = pytest.mark.store
ROWS = 20_000


def insert(client: Any, start: int) -> None:
    """One insert of many rows that do not compress."""
    rows = [[n, f"{hash((n, 'a')):x}{hash((n, 'b')):x}"] for n in range(start, start + ROWS)]
    client.insert("t", rows, column_names=["n", "x"])


def answered(client: Any) -> int:
    """How many rows the store tells of."""
    return int(client.query("SELECT count() FROM t").first_row[0])


def test_an_insert_that_found_no_room_is_refused_whole_and_taken_afterwards(tmp_path: Path) -> None:
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import Error

    def connected() -> Any:
        return clickhouse_connect.get_client(dsn=store.url)

    with small_disk(tmp_path / "disk", 256) as disk:
        store = StoreProcess(disk / "data").start()
        client = connected()
        client.command("CREATE TABLE t (n UInt64, x String) ENGINE = MergeTree ORDER BY n")
        insert(client, 0)
        resize(disk, used_bytes(disk))
        for _ in range(3):
            with pytest.raises(Error, match=r"Code: 243|No space left"):
                insert(client, ROWS)
        assert answered(client) == ROWS
        client.close()
        store.stop(signal.SIGKILL)
        resize(disk, 256 << 20)
        store.start()
        client = connected()
        assert answered(client) == ROWS
        insert(client, ROWS)
        eventually(lambda: answered(client) == 2 * ROWS)
        assert client.query("SELECT uniqExact(n), max(n) FROM t").first_row == (2 * ROWS, 2 * ROWS - 1)
        client.close()
        store.stop()
