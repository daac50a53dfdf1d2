"""Drivers keep the reader's rule, stamp what goes out, and take a session up again where it was kept."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, cast

import msgspec
import pytest
from aiokafka.partitioner import murmur2
from hypothesis import given
from hypothesis import strategies as st

from processors.drive import BrokenPromiseError, Dead, MapDriver, Outcome, Said
from processors.fold import FoldDriver
from processors.guard import Guard
from processors.offline import decode_local, stored
from processors.reading import Arrival, Stored, read
from processors.session import Kept
from processors.station import Item, Oddity
from schemas.codec import Undecodable
from schemas.identity import record_id
from schemas.records import Detections, Frame, Record, Ref, StreamNotice
from tests.processors.toys import Boxes, Chain, Sofar, audio, frame, packets
from topics import catalog as c
from topics.partitioner import partition_of
from topics.route import BY_STATION

MAP, FOLD = BY_STATION["detections"], BY_STATION["streams"]
END = frame("a", 3, end=True, image=b"")


def arrivals(*records: Record, at: int = 0) -> list[Arrival]:
    topic = (c.FRAMES, c.AUDIO, c.PACKETS)[at]
    return [read(at, topic, m, decode_local) for m in stored(topic, records)]


def said(outcomes: Sequence[Outcome]) -> list[Any]:
    return [o.record for o in outcomes if isinstance(o, Said)]


def dead(outcomes: Sequence[Outcome]) -> list[str]:
    return [o.reason for o in outcomes if isinstance(o, Dead)]


def test_nothing_in_nothing_out_and_the_core_is_not_called() -> None:
    core = Boxes()
    assert MapDriver(MAP, core).feed([]) == []
    assert core.batches == []


def test_a_map_says_each_input_at_its_seq_stamped() -> None:
    core = Boxes()
    got = said(MapDriver(MAP, core).feed(arrivals(frame("a", 0), frame("b", 0), frame("a", 1), END)))
    assert [(r.stream_id, r.seq, r.pts_us, r.watermark_us, r.end) for r in got] == [
        ("a", 0, 0, 0, False),
        ("b", 0, 0, 0, False),
        ("a", 1, 100_000, 100_000, False),
        ("a", 3, 300_000, 300_000, True),
    ]
    assert got[2].id == record_id("detections", "a", "s", 1)
    assert {r.model for r in got} == {Boxes.model}
    assert got[3] == Detections(
        stream_id="a", session_id="s", seq=3, pts_us=300_000, watermark_us=300_000, end=True, model=Boxes.model,
        id=record_id("detections", "a", "s", 3),
    )  # fmt: skip
    assert core.batches == [3]


CASES: list[tuple[str, list[Frame], list[tuple[int, int, str]], list[str], dict[str, int]]] = [
    ("repeat", [frame("a", 0), frame("a", 0), frame("a", 1)],
     [(0, 0, "ok"), (1, 100_000, "ok")], [], {"repeats": 1}),
    ("hole", [frame("a", 0), frame("a", 3)], [(0, 0, "ok"), (3, 300_000, "ok")], [], {"holes": 2}),
    ("late start", [frame("a", 7)], [(7, 700_000, "ok")], [], {"holes": 7}),
    (
        "time runs back",
        [frame("a", 5), frame("a", 6, pts_us=3), frame("a", 7)],
        [(5, 500_000, "ok"), (6, 500_000, "rejected"), (7, 700_000, "ok")],
        ["time runs back from 500000 to 3 us"],
        {"back": 1, "holes": 5},
    ),
    (
        "rejected by the core",
        [frame("a", 0, image=b"bad"), frame("a", 1)],
        [(0, 0, "rejected"), (1, 100_000, "ok")],
        ["bad picture"],
        {"rejected": 1},
    ),
    (
        "after the end",
        [frame("a", 0), frame("a", 1, end=True, pts_us=0), frame("a", 2), frame("a", 1)],
        [(0, 0, "ok"), (1, 0, "ok")],
        ["comes after the session's end on this topic"],
        {"after_end": 1, "repeats": 1},
    ),
    ("an end in the past", [frame("a", 2), frame("a", 3, end=True, pts_us=0)],
     [(2, 200_000, "ok"), (3, 200_000, "ok")], [], {"holes": 2}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "want", "letters", "counts"), [x[1:] for x in CASES], ids=[x[0] for x in CASES]
)
def test_the_readers_rule(
    records: list[Frame], want: list[tuple[int, int, str]], letters: list[str], counts: dict[str, int]
) -> None:
    driver = MapDriver(MAP, Boxes())
    got = driver.feed(arrivals(*records))
    assert [(r.seq, r.pts_us, r.status) for r in said(got)] == want
    assert dead(got) == letters
    assert {k: n for k, n in driver.counts.items() if n} == counts


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), max_size=12), st.integers(0, 12))
def test_a_map_that_is_restored_from_its_outputs_goes_on_as_if_nothing_had_been(
    drawn: list[tuple[int, int, bool]], crash: int
) -> None:
    fed = arrivals(*(frame("a", seq, pts_us=p, end=end) for seq, p, end in drawn))
    whole = MapDriver(MAP, Boxes())
    want = said(whole.feed(fed))
    before, after = MapDriver(MAP, Boxes()), MapDriver(MAP, Boxes())
    first = said(before.feed(fed[:crash]))
    for r in first:
        after.restore((r.stream_id, r.session_id), Guard(r.seq, r.pts_us, r.watermark_us, r.end))
    assert first + said(after.feed(fed[crash:])) == want


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 6), st.booleans()), max_size=14))
def test_times_never_fall_and_the_end_is_the_last(drawn: list[tuple[int, int, bool]]) -> None:
    fed = arrivals(*(frame("a", seq, pts_us=p, end=end) for seq, p, end in drawn))
    got = said(MapDriver(MAP, Boxes()).feed(fed))
    for key in ("seq", "pts_us", "watermark_us"):
        assert [getattr(r, key) for r in got] == sorted(getattr(r, key) for r in got)
    assert [r.end for r in got[:-1]] == [False] * len(got[:-1])


def test_bytes_that_are_no_record_are_dead_and_leave_no_trace_in_the_output() -> None:
    bad = Stored(Ref(topic="t", partition=0, offset=0), b"a", b"\0\0\0\0\1nonsense")
    got = MapDriver(MAP, Boxes()).feed([read(0, c.FRAMES, bad, decode_local)])
    assert said(got) == []
    assert dead(got)[0].startswith("not a Frame")


def test_a_foreign_key_or_partition_is_told_what_to_do() -> None:
    (good,) = stored(c.FRAMES, [frame("a", 0)])
    assert isinstance(read(0, c.FRAMES, good, decode_local).holds, Frame)
    other = read(0, c.FRAMES, replace(good, key=b"b"), decode_local).holds
    assert isinstance(other, Undecodable)
    assert "is not the record's stream_id 'a'" in other.reason
    wrong = replace(good, ref=replace(good.ref, partition=(partition_of(b"a", 4) + 1) % 4))
    lost = read(0, c.FRAMES, wrong, decode_local, partitions=4).holds
    assert isinstance(lost, Undecodable)
    assert "murmur2_random" in lost.reason


@given(st.binary(max_size=40), st.integers(1, 64))
def test_the_partition_is_what_kafkas_other_clients_say(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == (murmur2(key) & 0x7FFFFFFF) % partitions


def test_a_core_that_answers_too_few_or_another_noun_is_a_bug() -> None:
    class Short(Boxes):
        def __call__(self, batch: Sequence[Item[Frame]]) -> Sequence[Any]:
            return []

    class Other(Boxes):
        def __call__(self, batch: Sequence[Item[Frame]]) -> Sequence[Any]:
            return [i.record for i in batch]

    for core, words in ((Short(), "answered 0 of 1"), (Other(), "said a Frame, not a Detections")):
        with pytest.raises(BrokenPromiseError, match=words):
            MapDriver(MAP, core).feed(arrivals(frame("a", 0)))


def three_inputs(bad: int = -1) -> list[list[Arrival]]:
    """One session on three topics: 10 frames, 2 stretches of audio, no packets."""
    frames = [frame("a", i, image=b"bad" if i == bad else b"x") for i in range(10)]
    return [
        arrivals(*frames, frame("a", 10, end=True)),
        arrivals(audio("a", 0), audio("a", 1), audio("a", 2, end=True), at=1),
        arrivals(packets("a", 0, end=True), at=2),
    ]


def interleaved(told: list[list[Arrival]], data: st.DataObject) -> list[Arrival]:
    queues, fed = [list(q) for q in told], []
    while any(queues):
        fed.append(queues[data.draw(st.sampled_from([i for i, q in enumerate(queues) if q]))].pop(0))
    return fed


@given(st.data(), st.integers(-1, 9))
def test_a_fold_says_the_same_however_its_inputs_interleave(data: st.DataObject, bad: int) -> None:
    told = three_inputs(bad)
    straight = FoldDriver(FOLD, Chain()).feed([a for q in told for a in q])
    got = FoldDriver(FOLD, Chain()).feed(interleaved(told, data))
    assert said(got) == said(straight)
    assert [r.seq for r in said(got)] == list(range(14))
    assert said(got)[-1].end
    assert said(got)[-1].pts_us == 1_000_000
    assert said(got)[-2].text.startswith(f"sum {12 - (bad >= 0)} ")
    assert [r.status for r in said(got)].count("rejected") == len(dead(got)) == (bad >= 0)


@given(st.data(), st.integers(0, 15), st.integers(-1, 9))
def test_a_fold_taken_up_from_what_was_kept_goes_on_as_if_nothing_had_been(
    data: st.DataObject, crash: int, bad: int
) -> None:
    fed = interleaved(three_inputs(bad), data)
    want = said(FoldDriver(FOLD, Chain()).feed(fed))
    before, after = FoldDriver(FOLD, Chain()), FoldDriver(FOLD, Chain())
    first = said(before.feed(fed[:crash]))
    taken = [1 + max((a.stored.ref.offset for a in fed[:crash] if a.input == i), default=-1) for i in range(3)]
    after.taken, after.ended = taken, dict(before.ended)
    start = list(taken)
    for session in before.dirty:
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(before.kept(session)), type=Kept)
        after.resume(kept)
        start = [min(s, f) if f >= 0 else s for s, f in zip(start, kept.first, strict=True)]
    again = [a for a in fed if a.stored.ref.offset >= start[a.input]]  # what is held back is read again
    assert first + said(after.feed(again)) == want


@given(st.data(), st.integers(0, 40))
def test_a_fold_that_leaves_what_is_held_back_to_the_log_says_the_same(
    data: st.DataObject, memory_bytes: int
) -> None:
    told = three_inputs(bad=4)
    log = {(a.input, a.stored.ref.offset): a for q in told for a in q}
    driver, asked = FoldDriver(FOLD, Chain()), []

    def again(at: int, offset: int) -> Arrival:
        asked.append((at, offset))
        return log[at, offset]

    driver.again, driver.memory_bytes = again, memory_bytes
    got = []
    for arrival in interleaved(told, data):
        got += driver.feed([arrival])
        assert max(driver.held_bytes) <= memory_bytes + max(a.stored.size for a in log.values())
    assert said(got) == said(FoldDriver(FOLD, Chain()).feed([a for q in told for a in q]))
    assert driver.held_bytes == [0, 0, 0]
    assert len(set(asked)) == len(asked)


def test_a_fold_that_runs_back_is_a_bug() -> None:
    class Back(Chain):
        def step(self, state: Sofar, item: Item[Record]) -> tuple[Sofar, Sequence[Any]]:
            state, outs = super().step(state, item)
            return state, [replace(cast(StreamNotice, out), pts_us=-item.record.pts_us) for out in outs]

    with pytest.raises(BrokenPromiseError, match="runs back at seq 2"):
        FoldDriver(BY_STATION["streams"], Back()).feed([a for q in three_inputs() for a in q])


def test_what_comes_again_of_a_session_that_has_ended_is_a_repeat() -> None:
    driver = FoldDriver(FOLD, Chain())
    told = [a for q in three_inputs() for a in q]
    driver.feed(told)
    assert driver.feed(told) == []
    assert driver.counts["repeats"] == len(told)
    assert list(driver.over) == [("a", "s")]
    assert driver.held_bytes == [0, 0, 0]


class Watching(Chain):
    """Tells what is odd, too; all of it at time 0, so that nothing it says runs back."""

    def step(self, state: Sofar, item: Item[Record]) -> tuple[Sofar, Sequence[Any]]:
        state, outs = super().step(state, item)
        return state, [replace(cast(StreamNotice, out), pts_us=0, watermark_us=0) for out in outs]

    def odd(self, state: Sofar, item: Item[Record], oddity: Oddity) -> tuple[Sofar, Sequence[Record]]:
        name = f"{state.digest} {oddity.kind} {item.record.seq}"
        state = Sofar(state.count + 1, sha256(name.encode()).hexdigest())
        return state, [StreamNotice(text=f"{oddity.kind} {item.record.seq}")]


def odd_told(got: Sequence[Outcome]) -> list[tuple[str, str]]:
    return [(r.session_id, r.text) for r in said(got) if r.text.startswith(("repeat", "back", "writers"))]


ODD: list[tuple[str, list[Frame], list[tuple[str, str]], list[str]]] = [
    ("nothing", [frame("a", 0), frame("a", 1)], [], []),
    ("a hole is the core's own to find", [frame("a", 0), frame("a", 3)], [], []),
    ("repeat", [frame("a", 0, pts_us=0), frame("a", 0, pts_us=0)], [("s", "repeat 0")], []),
    (
        "time runs back",
        [frame("a", 0, pts_us=0), frame("a", 1, pts_us=-5), frame("a", 2, pts_us=0)],
        [("s", "back 1")],
        ["time runs back from 0 to -5 us"],
    ),
    ("one session after the other", [frame("a", 0, pts_us=0), frame("a", 0, "t", pts_us=0)], [], []),
    (
        "two sessions at once",
        [
            frame("a", 0, pts_us=0),
            frame("a", 0, "t", pts_us=0),
            frame("a", 1, pts_us=0),
            frame("a", 1, "t", pts_us=0),
        ],
        [("s", "writers 1")],
        [],
    ),
    (
        "an end that comes late",
        [frame("a", 0, pts_us=0), frame("a", 0, "t", pts_us=0), frame("a", 1, pts_us=0, end=True)],
        [],
        [],
    ),
    ("two streams", [frame("a", 0, pts_us=0), frame("b", 0, "t", pts_us=0), frame("a", 1, pts_us=0)], [], []),
]


@pytest.mark.parametrize(("records", "want", "letters"), [x[1:] for x in ODD], ids=[x[0] for x in ODD])
def test_a_watchful_core_is_told_what_others_never_see(
    records: list[Frame], want: list[tuple[str, str]], letters: list[str]
) -> None:
    streams = sorted({(r.stream_id, r.session_id) for r in records})
    silent = [
        a
        for at, made in ((1, audio), (2, packets))
        for a in arrivals(*(made(stream, 0, session, end=True, pts_us=0) for stream, session in streams), at=at)
    ]
    got = FoldDriver(FOLD, Watching()).feed([*silent, *arrivals(*records)])
    assert odd_told(got) == want
    assert dead(got) == letters
    assert not [r for r in said(got) if r.status == "rejected"]


DRAWN = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from("st"), st.integers(0, 4), st.integers(0, 3), st.booleans()),
    max_size=16,
)


@given(DRAWN, st.integers(0, 16))
def test_what_is_odd_is_told_once_also_after_a_crash(
    drawn: list[tuple[int, str, int, int, bool]], crash: int
) -> None:
    makers = (frame, audio, packets)
    told: list[list[Record]] = [[], [], []]
    order = []
    for at, of, seq, pts_us, end in drawn:
        order.append((at, len(told[at])))
        told[at].append(makers[at]("a", seq, of, pts_us=pts_us, end=end))
    by_input = [arrivals(*records, at=at) for at, records in enumerate(told)]
    fed = [by_input[at][n] for at, n in order]
    want = said(FoldDriver(FOLD, Watching()).feed(fed))
    before, after = FoldDriver(FOLD, Watching()), FoldDriver(FOLD, Watching())
    first = said(before.feed(fed[:crash]))
    taken = [1 + max((a.stored.ref.offset for a in fed[:crash] if a.input == i), default=-1) for i in range(3)]
    after.taken, after.ended = taken, dict(before.ended)
    start = list(taken)
    for session in before.dirty:
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(before.kept(session)), type=Kept)
        after.resume(kept)
        start = [min(s, f) if f >= 0 else s for s, f in zip(start, kept.first, strict=True)]
    got = first + said(after.feed([a for a in fed if a.stored.ref.offset >= start[a.input]]))
    for name in "st":
        assert [r for r in got if r.session_id == name] == [r for r in want if r.session_id == name]
