"""What the supervisor leaves for others to read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.state import FILE, Part, State, StateFile, read_state, start_ticks, write_state
from tests.small_disk import fill, small_disk


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"pid": 1}'])
def test_no_file_or_a_broken_one_is_a_platform_that_does_not_run(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    assert read_state(tmp_path) == State()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    parts = {"kafka": Part("ready", 12, 1, 2.5, "killed by SIGKILL"), "fused": Part("failing")}
    state = State(True, os.getpid(), start_ticks(os.getpid()), parts)
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    assert not state.ready
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


def test_a_supervisor_that_is_gone_does_not_run_whatever_it_wrote(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write_state(tmp_path, State(True, gone.pid, 1))
    assert not read_state(tmp_path).running


def test_another_process_with_the_same_pid_is_not_taken_for_it(tmp_path: Path) -> None:
    ticks = start_ticks(os.getpid())
    assert ticks is not None
    write_state(tmp_path, State(True, os.getpid(), ticks - 1))
    assert not read_state(tmp_path).running


def test_what_found_no_room_is_written_as_soon_as_there_is_some(tmp_path: Path) -> None:
    told: list[str] = []
    with small_disk(tmp_path / "disk", 1) as disk:
        file = StateFile(disk, told.append)
        file.again()
        file.write(State(True, os.getpid(), start_ticks(os.getpid()), {"kafka": Part("ready", 12)}))
        ballast = fill(disk)
        now = State(True, os.getpid(), start_ticks(os.getpid()), {"kafka": Part("dead")})
        file.write(now)
        file.again()
        assert read_state(disk).parts["kafka"].state == "ready"
        assert len(told) == 1
        assert "No space left" in told[0]
        ballast.unlink()
        file.again()
        assert read_state(disk) == now
