"""The shell's parts that need no broker."""

import logging
import socket
import time
from dataclasses import dataclass, replace
from typing import Any

import pytest

from processors import envelope, exits, shell
from processors.lane import Lane
from processors.offline import decode_local, driver_of, encode_local, stored
from processors.place import Limits, Place
from processors.security import aiokafka_settings, faust_credentials
from processors.shell import Shell
from processors.snapshots import Cut
from processors.worker import Seldom, run_worker
from schemas.records import Detections
from tests.processors.toys import Boxes, Chain, frame
from topics import catalog as c
from topics.connection import Connection
from topics.names import Names
from topics.route import BY_STATION

PLAIN = Connection("127.0.0.1:1", "", partitions=2)
SASL = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "u",
    "sasl.password": "p",
}


@dataclass(frozen=True)
class At:
    """What aiokafka calls a partition of a topic."""

    topic: str
    partition: int


@dataclass(frozen=True)
class Got:
    """What aiokafka calls a record, as far as a queue sees it."""

    offset: int
    value: bytes = b"12345"


def lane(partition: int = 0, starts: tuple[int, ...] = (0,), limits: Limits = Limits()) -> Lane:  # noqa: B008
    edge = BY_STATION["detections" if len(starts) == 1 else "streams"]
    core: Any = Boxes() if len(starts) == 1 else Chain()
    place = Place(Cut(starts, 0, starts), starts, starts, {}, set(), (None,) * len(starts))
    codec = encode_local, decode_local
    return Lane(PLAIN, driver_of(edge, core), partition, place, None, codec, limits)  # type: ignore[arg-type]


def shell_of(station: str, *lanes: Lane) -> Shell:
    made = Shell(PLAIN, station, Boxes(), encode_local, decode_local, Limits())
    made.lanes = {x.partition: x for x in lanes}
    return made


def test_nothing_is_wanted_of_partitions_that_are_not_ours() -> None:
    assert shell_of("detections").wanted([At("framelog.frames", 0)]) == (frozenset(), False)
    mine, foreign, other = At("framelog.frames", 0), At("framelog.frames", 1), At("framelog.audio", 0)
    assert shell_of("detections", lane()).wanted([mine, foreign, other]) == (frozenset({mine}), False)


@pytest.mark.parametrize("limits", [Limits(records=2), Limits(bytes=10)], ids=["records", "bytes"])
def test_a_full_queue_wants_no_more_and_says_so(limits: Limits) -> None:
    full = lane(limits=limits)
    made = shell_of("detections", full)
    assert made.deliver("framelog.frames", 0, [Got(0), Got(1)]) is None
    assert made.wanted([At("framelog.frames", 0)]) == (frozenset(), True)


def test_what_was_delivered_before_is_dropped_and_a_hole_is_sought_again() -> None:
    one = lane(starts=(5,))
    made = shell_of("detections", one)
    assert made.deliver("framelog.frames", 0, [Got(4), Got(5), Got(6), Got(6)]) is None
    assert one.want == [7]
    assert made.deliver("framelog.frames", 0, [Got(9)]) == 7
    assert made.deliver("framelog.frames", 1, [Got(9)]) is None


@pytest.mark.parametrize(
    ("log", "lost"), [((3, 3, 9), 3), ((3, 0, 9), 0)], ids=["deleted", "a transaction's mark"]
)
async def test_a_hole_that_another_reader_finds_too_is_left_behind_and_counted_where_records_were_deleted(
    log: tuple[int, int, int], lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "first_behind", lambda *_: log)
    one = lane()
    made = shell_of("detections", one)
    assert made.deliver("framelog.frames", 0, [Got(3)]) == 0
    assert await made.settle("framelog.frames", 0, 0) == 3
    assert made.deliver("framelog.frames", 0, [Got(3)]) is None
    assert [(r.offset, getattr(r, "missing", None)) for _, r in one.take(99)] == [
        *([(2, lost)] if lost else []), (3, None)
    ]  # fmt: skip


async def test_a_hole_that_another_reader_does_not_find_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    class Died(Exception):
        pass

    def die(where: str, error: BaseException | None = None) -> None:
        raise Died(where)

    monkeypatch.setattr(shell, "die", die)
    monkeypatch.setattr(shell, "first_behind", lambda *_: (0, 0, 9))
    made = shell_of("detections", lane())
    for _ in range(shell.HOLE_TRIES):
        assert made.deliver("framelog.frames", 0, [Got(3)]) == 0
        assert await made.settle("framelog.frames", 0, 0) == 0
    made.deliver("framelog.frames", 0, [Got(3)])
    with pytest.raises(Died, match=r"framelog\.frames/0: record 0 is there, but is not handed to us"):
        await made.settle("framelog.frames", 0, 0)


def test_several_inputs_are_taken_in_turns() -> None:
    three = lane(starts=(0, 0, 0))
    for at, count in ((0, 3), (1, 1)):
        for offset in range(count):
            three.push(at, Got(offset))
    assert [(at, r.offset) for at, r in three.take(99)] == [(0, 0), (1, 0), (0, 1), (0, 2)]
    assert three.take(99) == []
    assert three.held_bytes == 0


def test_recovery_is_overdue_after_a_minute_and_not_when_there_is_nothing_to_recover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = shell_of("detections")
    assert not made.overdue()
    later = time.monotonic() + shell.RECOVER_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert made.overdue()
    made.idle()
    assert not made.overdue()


def test_headers_name_the_record_its_cause_and_its_trace() -> None:
    (cause,) = stored(c.FRAMES, [frame("a", 4)], start=17)
    cause = replace(cause, headers=(("traceparent", b"00-1-2-01"), ("other", b"x")))
    record = Detections(stream_id="a", id="an-id")
    headers = envelope.of_output(BY_STATION["detections"], Names(), record, cause)
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"an-id",
        "ce_source": b"/framelog/live/detections",
        "ce_type": b"framelog.detections",
        "ce_subject": b"a",
        "content-type": b"application/avro",
        "framelog.in": b"framelog.frames:17",
        "traceparent": b"00-1-2-01",
    }
    assert envelope.input_offset(headers) == 17
    assert envelope.input_offset([]) is None
    dead = envelope.of_dead(BY_STATION["detections"], cause, "why")
    assert dead[:2] == list(cause.headers)
    assert envelope.dead_of(BY_STATION["detections"], dead) == 17
    assert envelope.dead_of(BY_STATION["faces"], dead) is None


def test_security_is_translated_and_what_cannot_be_is_named() -> None:
    assert aiokafka_settings(PLAIN) == {"bootstrap_servers": ["127.0.0.1:1"], "security_protocol": "PLAINTEXT"}
    assert faust_credentials(PLAIN) is None
    plain = aiokafka_settings(replace(PLAIN, security=SASL))
    assert plain == {
        "bootstrap_servers": ["127.0.0.1:1"],
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "u",
        "sasl_plain_password": "p",
    }
    assert faust_credentials(replace(PLAIN, security=SASL)).mechanism.value == "SCRAM-SHA-512"
    tls = aiokafka_settings(replace(PLAIN, security=SASL | {"security.protocol": "SASL_SSL"}))
    assert tls["ssl_context"].check_hostname
    with pytest.raises(ValueError, match=r"knows no \['ssl\.crl\.location'\]"):
        aiokafka_settings(replace(PLAIN, security={"ssl.crl.location": "x"}))


@pytest.mark.network
def test_a_broker_that_is_not_there_is_told_in_one_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.worker.BROKER_S", 0.5)
    assert run_worker(["detections"], {"detections": Boxes()}, PLAIN) == exits.CRASHED
    (line,) = caplog.messages
    assert line.startswith("the broker at 127.0.0.1:1 does not answer")


@pytest.mark.network
def test_a_metrics_port_in_use_is_told_in_one_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.worker.check_topics", lambda *_: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run_worker(["detections"], {"detections": Boxes()}, PLAIN, metrics_port=port) == 2
    assert caplog.messages == [f"the metrics' port {port} cannot be had (Address already in use): choose another"]


def test_a_library_says_the_same_once_in_a_while_and_we_as_often_as_we_like() -> None:
    seldom = Seldom(every_s=5)

    def passes(name: str, message: str, at_s: float) -> bool:
        record = logging.LogRecord(name, logging.ERROR, "", 0, message, None, None)
        record.created = at_s
        return seldom.filter(record)

    theirs = [passes("aiokafka", *line) for line in (("a", 0), ("a", 4), ("b", 4), ("a", 5))]
    assert theirs == [True, False, True, True]
    assert [passes("framelog.shell", "a", 5) for _ in range(2)] == [True, True]
