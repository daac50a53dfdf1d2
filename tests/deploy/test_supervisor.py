"""Real children: what dies comes back, what keeps dying is told, all ends in order."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from errno import ENOSPC
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.child import Child, Log, cause
from deploy.detached import down, start_detached
from deploy.embedded.kafka import KafkaNode
from deploy.restarts import Policy
from deploy.state import Part, State, read_state, start_ticks, write_state
from deploy.supervisor import Supervisor, SupervisorFault, in_order, sole
from tests.fixtures_kafka import eventually
from tests.small_disk import fill, small_disk

QUICK = Policy(first_s=0.01, most_s=0.05, jitter=0, failing_after=3)
# Says its name in a file when it starts and when it is asked to end.
TELLS = """
import signal, sys
told = open({told!r}, "a", buffering=1)
def end(*_):
    told.write("-{name}\\n"); sys.exit(0)
signal.signal(signal.SIGTERM, end)
told.write("+{name}\\n")
while True: signal.pause()
"""


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-E", "-c", textwrap.dedent(source))


def teller(told: Path, name: str, needs: tuple[str, ...] = ()) -> Child:
    def ready() -> bool:
        return told.exists() and f"+{name}\n" in told.read_text()

    return Child(name, python(TELLS.format(told=str(told), name=name)), needs=needs, ready=ready)


@asynccontextmanager
async def running(data: Path, *children: Child, **settings: object) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(data, children, policy=QUICK, **settings)  # type: ignore[arg-type]
    task = asyncio.create_task(supervisor.run())
    try:
        yield supervisor
    finally:
        supervisor.stop()
        await asyncio.wait_for(task, 30)


async def until(data: Path, name: str, wanted: Callable[[Part], bool]) -> Part:
    """The part of a child as soon as it is as wanted."""

    def look() -> Part | None:
        part = read_state(data / "run").parts.get(name)
        return part if part is not None and wanted(part) else None

    part = await asyncio.to_thread(eventually, look)
    assert part is not None
    return part


def test_order_goes_by_needs_and_says_what_cannot_be() -> None:
    a, b, c = Child("a", ("x",), needs=("b",)), Child("b", ("x",), needs=("c",)), Child("c", ("x",))
    assert in_order([]) == ()
    assert in_order([a, b, c]) == (c, b, a)
    with pytest.raises(SupervisorFault, match="a needs b; b needs c"):
        in_order([a, b])
    with pytest.raises(SupervisorFault, match="one name"):
        in_order([c, c])


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (0, "", "ended with code 0"),
        (3, "why", "ended with code 3: why"),
        (72, "50 bad records", "stopped because of its input: 50 bad records"),
        (-9, "", "killed by SIGKILL"),
    ],
)
def test_a_death_is_told_with_its_kind_and_its_last_words(code: int, said: str, told: str) -> None:
    assert cause(code, said) == told


async def test_children_start_after_what_they_need_and_stop_before_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    async with running(tmp_path, teller(told, "b", ("a",)), teller(told, "c", ("b",)), teller(told, "a")):
        await until(tmp_path, "c", lambda p: p.state == "ready")
        assert read_state(tmp_path / "run").ready
    assert told.read_text().split() == ["+a", "+b", "+c", "-c", "-b", "-a"]
    state = read_state(tmp_path / "run")
    assert not state.running
    assert {p.state for p in state.parts.values()} == {"stopped"}


async def test_a_child_killed_by_9_comes_back(tmp_path: Path) -> None:
    told = tmp_path / "told"
    async with running(tmp_path, teller(told, "a")):
        first = await until(tmp_path, "a", lambda p: p.state == "ready")
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)
        second = await until(tmp_path, "a", lambda p: p.state == "ready" and p.restarts == 1)
        assert second.pid != first.pid
        assert second.last_error == "killed by SIGKILL"


async def test_what_keeps_dying_is_told_by_name_with_its_last_error(tmp_path: Path) -> None:
    said: list[str] = []
    dies = Child("speech", python("print('noise'); raise SystemExit('no model at /nowhere')"))
    async with running(tmp_path, dies, say=said.append):
        part = await until(tmp_path, "speech", lambda p: p.state == "failing")
    assert "no model at /nowhere" in part.last_error
    assert "ended with code 1" in part.last_error
    assert any("speech" in line and "times in a row" in line for line in said)


async def test_who_stopped_because_of_its_input_is_told_and_not_hammered_on(tmp_path: Path) -> None:
    said: list[str] = []
    stops = Child("vision", python("import sys; print('50 bad records in a row'); sys.exit(72)"))
    async with running(tmp_path, stops, say=said.append):
        part = await until(tmp_path, "vision", lambda p: p.state == "failing")
    assert part.last_error == "stopped because of its input: 50 bad records in a row"
    assert [line.endswith("again in 60.0 s") for line in said] == [True]


async def test_a_command_that_is_not_there_is_told_and_hurts_nobody_else(tmp_path: Path) -> None:
    told = tmp_path / "told"
    async with running(tmp_path, Child("x", ("/no/such/program",)), teller(told, "a")):
        part = await until(tmp_path, "x", lambda p: p.state == "failing")
        await until(tmp_path, "a", lambda p: p.state == "ready")
    assert "could not be started: No such file or directory: /no/such/program" in part.last_error


async def test_who_is_not_ready_in_time_is_started_again(tmp_path: Path) -> None:
    def ready() -> bool:
        raise ConnectionError("nobody listens")

    idle = Child("idle", python("import signal; signal.pause()"), ready=ready, ready_within_s=0.2)
    async with running(tmp_path, idle):
        part = await until(tmp_path, "idle", lambda p: p.restarts > 1)
    assert part.last_error == "was not ready within 0.2 s: ConnectionError: nobody listens"


async def test_who_ignores_the_wish_to_stop_is_killed(tmp_path: Path) -> None:
    stubborn = """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        while True: signal.pause()
    """
    said: list[str] = []
    log = tmp_path / "logs/deaf.log"
    child = Child("deaf", python(stubborn), ready=lambda: "deaf" in log.read_text())
    async with running(tmp_path, child, grace_s=0.2, say=said.append):
        pid = (await until(tmp_path, "deaf", lambda p: p.state == "ready")).pid
    assert pid is not None
    assert start_ticks(pid) is None
    assert said == ["deaf did not stop within 0 s and was killed"]


async def test_a_second_supervisor_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, teller(tmp_path / "told", "a")):
        await until(tmp_path, "a", lambda p: p.state == "ready")
        with pytest.raises(SupervisorFault, match=rf"runs on {tmp_path} already \(pid {os.getpid()}\)"):
            await Supervisor(tmp_path, []).run()


async def test_who_holds_the_folder_already_may_supervise_on_it_and_no_other_may(tmp_path: Path) -> None:
    with sole(tmp_path / "run"):
        with pytest.raises(SupervisorFault, match="already"), sole(tmp_path / "run"):
            pass
        supervisor = Supervisor(tmp_path, [])
        supervisor.stop()
        await supervisor.run(held=True)
    with sole(tmp_path / "run"):
        assert not read_state(tmp_path / "run").running


async def test_children_that_do_not_need_each_other_stop_at_the_same_time(tmp_path: Path) -> None:
    # Each waits for the other to be asked to stop as well: one after the other would wait for ever.
    source = """
        import pathlib, signal, sys, time
        mine, other = map(pathlib.Path, {paths!r})
        def end(*_):
            mine.touch()
            while not other.exists(): time.sleep(0.01)
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        print("up", flush=True)
        while True: signal.pause()
    """
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    said: list[str] = []

    def child(name: str, paths: tuple[str, str]) -> Child:
        log = tmp_path / f"logs/{name}.log"
        return Child(name, python(source.format(paths=paths)), ready=lambda: "up" in log.read_text())

    async with running(tmp_path, child("a", (a, b)), child("b", (b, a)), grace_s=20, say=said.append):
        await until(tmp_path, "a", lambda p: p.state == "ready")
        await until(tmp_path, "b", lambda p: p.state == "ready")
    assert said == []


async def test_a_folder_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SupervisorFault, match="cannot write"):
        await Supervisor(tmp_path / "file", []).run()


async def test_a_place_for_its_words_that_takes_none_does_not_end_it(tmp_path: Path) -> None:
    def say(_: str) -> None:
        raise OSError(ENOSPC, "No space left on device")

    async with running(tmp_path, Child("brief", python("")), say=say):
        await until(tmp_path, "brief", lambda part: part.restarts > 2)


def test_a_log_grown_too_large_is_put_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log", limit_bytes=10)
    writer = log.open()
    try:
        for line in (b"first line\n", b"second line\n", b"third line\n"):
            os.write(writer, line)
            assert log.rotate()
        os.write(writer, b"last\n\n")
    finally:
        os.close(writer)
    assert not log.rotate()
    assert log.last_lines() == "last"
    assert (tmp_path / "a.log.1").read_text() == "third line\n"
    assert (tmp_path / "a.log.2").read_text() == "second line\n"


def test_a_log_that_finds_no_room_beside_it_pushes_no_older_one_out(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        log = Log(disk / "a.log", limit_bytes=10)
        log.path.write_text("new and long\n" * 9000)
        (disk / "a.log.1").write_text("old\n")
        fill(disk)
        for _ in range(3):
            with pytest.raises(OSError, match="No space left"):
                log.rotate()
        assert (disk / "a.log.2").read_text() == "old\n"
        assert log.last_lines(1) == "new and long"


def test_a_life_is_not_blamed_for_what_an_earlier_one_said(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log")
    for words in (b"old error\n", b""):
        writer = log.open()
        os.write(writer, words)
        os.close(writer)
    assert log.last_lines() == ""


# A whole supervisor in a process of its own, as `framelog up` has it.
UP = """
import asyncio, sys
from pathlib import Path
from deploy.child import Child
from deploy.supervisor import Supervisor, SupervisorFault, supervise
data = Path(sys.argv[1])
sleeper = (sys.executable, "-S", "-c", "import signal; signal.pause()")
try:
    asyncio.run(supervise(Supervisor(data, [Child("a", sleeper), Child("b", sleeper, needs=("a",))])))
except SupervisorFault as fault:
    sys.exit(str(fault))
"""


def up(data: Path) -> int:
    return start_detached(data, [sys.executable, "-c", UP, str(data)])


def both(data: Path) -> list[int]:
    """Pids of the children once all are ready."""
    state = eventually(lambda: s if (s := read_state(data / "run")).ready else None)
    assert state is not None
    return [p.pid for p in state.parts.values() if p.pid is not None]


def test_a_detached_supervisor_is_found_and_stopped_by_what_it_wrote(tmp_path: Path) -> None:
    pid = up(tmp_path)
    children = both(tmp_path)
    with pytest.raises(SupervisorFault, match="framelog down"):
        up(tmp_path)
    assert down(tmp_path) is not None
    assert [start_ticks(p) for p in (pid, *children)] == [None] * 3
    assert down(tmp_path) is None
    os.waitpid(pid, 0)


def test_children_die_with_a_killed_supervisor_and_the_next_one_starts(tmp_path: Path) -> None:
    pid = up(tmp_path)
    children = both(tmp_path)
    assert len(children) == 2
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    eventually(lambda: all(start_ticks(p) is None for p in children))
    assert not read_state(tmp_path / "run").running
    again = up(tmp_path)
    assert len(both(tmp_path)) == 2
    down(tmp_path)
    os.waitpid(again, 0)


def test_a_pid_that_is_another_process_now_is_never_signalled(tmp_path: Path) -> None:
    bystander = subprocess.Popen(python("import signal; signal.pause()"))
    try:
        ticks = start_ticks(bystander.pid)
        assert ticks is not None
        (tmp_path / "run").mkdir()
        write_state(tmp_path / "run", State(True, bystander.pid, ticks - 1))
        assert down(tmp_path) is None
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.kafka
async def test_a_broker_killed_by_9_comes_back_with_what_it_had_acknowledged(broker: str, tmp_path: Path) -> None:
    node = KafkaNode(tmp_path / "kafka", quick=True)
    node.prepare()
    async with running(tmp_path, Child("kafka", tuple(node.command()), ready=node.ready)):
        first = await until(tmp_path, "kafka", lambda p: p.state == "ready")
        assert first.pid is not None
        await asyncio.to_thread(put, node.bootstrap, b"kept")
        os.kill(first.pid, signal.SIGKILL)
        await until(tmp_path, "kafka", lambda p: p.state == "ready" and p.restarts == 1)
        assert await asyncio.to_thread(get, node.bootstrap) == b"kept"


def put(bootstrap: str, value: bytes) -> None:
    """Makes the topic `t` and puts a value there."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("t", 1, 1)])["t"].result(60)
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    producer.produce("t", value)
    assert producer.flush(60) == 0


def get(bootstrap: str) -> bytes | None:
    """The first value in the topic `t`."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "g"})
    consumer.assign([TopicPartition("t", 0, 0)])
    try:
        message = eventually(lambda: consumer.poll(1))
        assert message is not None
        return message.value()
    finally:
        consumer.close()
