"""One rebuild at a time, on a real broker: who is there, who died, who stood still."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.rebuild import run
from connectors.rebuild.alone import Taken, alone
from deploy.cli import app
from topics.connection import Connection

pytestmark = [pytest.mark.kafka, pytest.mark.network]

# Says when it is in, and then, for each line that it is given, whether it still is.
CHILD = """
import sys
from connectors.rebuild.alone import Taken, alone
from topics.connection import Connection
from topics.names import Names
bootstrap, registry, prefix = sys.argv[1:]
with alone(Connection(bootstrap, registry, Names(prefix), partitions=2), "rows") as check:
    print("in", flush=True)
    for _ in sys.stdin:
        try:
            check()
            print("still in", flush=True)
        except Taken as error:
            print(error, flush=True)
"""


@contextmanager
def another(connection: Connection) -> Iterator[Any]:
    """A process that is at work on the same database."""
    arguments = [connection.bootstrap, connection.registry_url, connection.names.prefix]
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "in\n"
            yield process
        finally:
            process.kill()


def asked(process: Any) -> str:
    """What the other says when it is asked whether it is in."""
    print("?", file=process.stdin, flush=True)
    return str(process.stdout.readline()).strip()


def test_nobody_else_is_at_work(connection: Connection) -> None:
    for _ in range(2):
        with alone(connection, "rows") as check:
            check()


def test_a_second_rebuild_of_a_database_is_refused_until_the_first_was_killed(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(run, "alone", partial(alone, patience_s=2))
    for name, value in {
        "KAFKA": connection.bootstrap, "REGISTRY": connection.registry_url, "PREFIX": connection.names.prefix,
        "CLICKHOUSE": "http://127.0.0.1:1", "CLICKHOUSE_DATABASE": "rows", "DATA": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"FRAMELOG_{name}", value)
    with another(connection) as other:
        refused = CliRunner().invoke(app, ["rebuild", "--database", "anew"])
        assert refused.exit_code == 4, refused.output
        assert "another rebuild of rows is at work" in refused.output
        assert f"-{other.pid})" in refused.output
        assert asked(other) == "still in"
        with alone(connection, "other rows"):
            pass
        os.kill(other.pid, signal.SIGKILL)
        with alone(connection, "rows", patience_s=60) as check:
            check()


def test_one_that_stood_still_is_told_that_another_has_come_in(connection: Connection) -> None:
    with another(connection) as other:
        os.kill(other.pid, signal.SIGSTOP)
        with alone(connection, "rows", patience_s=60) as check:
            os.kill(other.pid, signal.SIGCONT)
            assert "stood still for too long" in asked(other)
            check()
            with pytest.raises(Taken), alone(connection, "rows", patience_s=1):
                pass
