"""What the streams station says about good and bad producers."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.station import Item, Oddity
from processors.streams import Config, build
from processors.streams.core import Streams
from schemas.records import Audio, CodedTrack, Frame, Packet, Packets, StreamNotice
from tests.processors.script import SESSION, STREAM, items, run, us

JPEG = b"\xff\xd8\xff\xe0picture"
HALF_SECOND = bytes(16_000)


def station(**config: Any) -> Streams:
    return build(Config(**config), None)


def frame(seq: int, at: float, **other: Any) -> Frame:
    given_: dict[str, Any] = {"image": JPEG, "width_px": 640, "height_px": 360} | other
    return Frame(stream_id=STREAM, session_id=SESSION, seq=seq, pts_us=us(at), **given_)


def audio(seq: int, at: float, **other: Any) -> Audio:
    return Audio(stream_id=STREAM, session_id=SESSION, seq=seq, pts_us=us(at), **({"pcm": HALF_SECOND} | other))


def packets(seq: int, at: float, **other: Any) -> Packets:
    tracks = (CodedTrack(index=0, kind="video", codec="h264", time_base_num=1, time_base_den=25),)
    given_: dict[str, Any] = {"tracks": tracks, "packets": (Packet(track=0, data=b"x"),)} | other
    return Packets(stream_id=STREAM, session_id=SESSION, seq=seq, pts_us=us(at), **given_)


def clip(seconds: float, without: tuple[float, float] = (0, 0)) -> list[Item[Any]]:
    """A well-behaved source at 10 fps, quiet between two times."""
    on = [
        [t / 10 for t in range(round(seconds * 10))],
        [t / 2 for t in range(round(seconds * 2))],
        [float(t) for t in range(round(seconds))],
    ]
    on = [[t for t in times if not without[0] <= t < without[1]] for times in on]
    makers = (frame, audio, packets)
    return items(make(seq, t) for make, times in zip(makers, on, strict=True) for seq, t in enumerate(times))


def told(said: Sequence[StreamNotice]) -> list[str]:
    return [n.kind for n in said]


def test_a_session_without_records_is_started_and_ended() -> None:
    said = run(station(), [], 0)
    assert told(said) == ["started", "ended"]
    assert said[0].text == "The stream started and ended with nothing in it."


def test_a_good_clip_is_started_goes_on_and_ends() -> None:
    said = run(station(), clip(25), us(25))
    assert told(said) == ["started", "progress", "progress", "ended"]
    started, ended = said[0], said[-1]
    assert (started.width_px, started.height_px) == (640, 360)
    assert started.media == ("frames", "audio", "packets")
    assert [p.offset for p in started.positions] == [1000, 1000, 1000]
    assert {t.label: t.count for t in ended.received} == {"frames": 250, "audio": 50, "packets": 25}
    assert ended.breaches == ()


def test_progress_names_the_first_record_of_each_topic_at_or_after_its_mark() -> None:
    first, second = [n for n in run(station(), clip(25), us(25)) if n.kind == "progress"]
    assert [(p.topic, p.seq, p.offset, p.pts_us) for p in first.positions] == [
        ("frames", 100, 1100, us(10)), ("audio", 20, 1020, us(10)), ("packets", 10, 1010, us(10)),
    ]  # fmt: skip
    assert [p.seq for p in second.positions] == [200, 40, 20]
    assert (first.start_us, first.end_us, second.end_us) == (0, us(10), us(20))


def test_progress_does_not_wait_for_ever_for_a_medium_that_has_run_out() -> None:
    short_sound = [i for i in clip(25) if not (isinstance(i.record, Audio) and i.record.pts_us >= us(5))]
    first = next(n for n in run(station(), short_sound, us(25)) if n.kind == "progress")
    assert first.media == ("frames", "packets")
    assert first.watermark_us <= us(12.1)


def test_a_source_that_was_away_has_a_gap_and_comes_back() -> None:
    said = run(station(), clip(90, without=(20, 80)), us(90))
    gap = next(n for n in said if n.kind == "gap")
    assert set(gap.media) == {"frames", "audio", "packets"}
    assert us(19) <= gap.start_us < us(20)
    assert gap.end_us == us(80)
    assert sorted(m for n in said if n.kind == "resumed" for m in n.media) == ["audio", "frames", "packets"]


def test_a_picture_that_stops_while_the_sound_goes_on_is_a_gap_of_the_picture_alone() -> None:
    blind = [i for i in clip(25) if not (isinstance(i.record, Frame) and us(11) <= i.record.pts_us < us(18))]
    blind = items(
        frame(n, i.record.pts_us / 1e6) if isinstance(i.record, Frame) else i.record for n, i in enumerate(blind)
    )
    said = run(station(), blind, us(25))
    gap, back = (next(n for n in said if n.kind == k) for k in ("gap", "resumed"))
    assert gap.media == back.media == ("frames",)
    assert us(13.8) < gap.end_us <= us(14.5), "said while it lasts, not when it is over"
    assert back.end_us == us(18)


def test_dropped_records_are_announced_once_and_then_counted() -> None:
    fed = items(frame(n, n / 10, dropped=2 if n % 10 == 5 else 0) for n in range(250))
    said = run(station(), fed, us(25))
    assert [n.dropped for n in said if n.kind == "gap"] == [2, 2, 2], "one for each span between progresses"
    assert [n.dropped for n in said if n.kind == "progress"] == [20, 20]
    assert said[-1].dropped == 50


BREACHES = [
    ([frame(0, 0)], None),
    ([frame(3, 0)], "first_seq"),
    ([frame(0, 0), frame(2, 0.2)], "hole"),
    ([frame(0, 0, image=b"\x89PNG")], "not_jpeg"),
    ([frame(0, 0, image=b"")], "not_jpeg"),
    ([frame(0, 0, width_px=0)], "size"),
    ([frame(0, 0, height_px=100_000)], "size"),
    ([frame(0, -1)], "negative"),
    ([frame(0, 1.7e9)], "far_ahead"),
    ([audio(0, 0)], None),
    ([audio(0, 0, rate_hz=44_100)], "rate"),
    ([audio(0, 0, pcm=b"abc")], "odd"),
    ([audio(0, 0, pcm=b"")], "empty"),
    ([audio(0, 0, pcm=bytes(32_000 * 11))], "size"),
    ([packets(0, 0)], None),
    ([packets(0, 0, packets=())], "empty"),
    ([packets(0, 0, tracks=())], "track"),
]


@pytest.mark.parametrize(("records", "kind"), BREACHES)
def test_a_breach_is_named(records: list[Any], kind: str | None) -> None:
    said = run(station(), items(records), us(1))
    assert [n.breach for n in said if n.kind == "breach"] == ([kind] if kind else [])
    assert told(said)[0] == "started", "the first thing said is that it started"


def test_a_breach_that_goes_on_is_said_once_and_counted() -> None:
    said = run(station(), items(frame(n, n / 10, image=b"GIF") for n in range(250)), us(25))
    assert told(said).count("breach") == 1
    assert [n.breaches[0].count for n in said if n.kind == "progress"] == [101, 100]
    assert [(t.label, t.count) for t in said[-1].breaches] == [("frames.not_jpeg", 250)]


ODD = [
    ("repeat", "frames: seq 4 comes again"),
    ("back", "frames: time runs back"),
    ("writers", "frames: another session"),
]


@pytest.mark.parametrize(("kind", "text"), ODD)
def test_what_the_readers_rule_found_is_said_once_and_counted(kind: Any, text: str) -> None:
    fold = station()
    state, said = fold.start(STREAM, SESSION), list[StreamNotice]()
    for item in clip(11):
        state, told_ = fold.step(state, item)
        said += told_
        if isinstance(item.record, Frame) and item.record.seq in (40, 41, 42):
            state, told_ = fold.odd(state, item, Oddity(kind, text.partition(": ")[2]))
            said += told_
    said += fold.finish(state, us(11))
    (breach,) = [n for n in said if n.kind == "breach"]
    assert (breach.breach, breach.text, breach.media) == (kind, text, ("frames",))
    assert [t.count for n in said if n.kind == "progress" for t in n.breaches if t.label == f"frames.{kind}"] == [
        3
    ]
    times_us = [n.pts_us for n in said]
    assert times_us == sorted(times_us)


def test_a_record_whose_time_runs_back_is_no_hole() -> None:
    fold = station()
    state, _ = fold.step(fold.start(STREAM, SESSION), items([frame(0, 1)])[0])
    state, _ = fold.odd(state, items([frame(1, 0)])[0], Oddity("back", "time runs back"))
    state, _ = fold.step(state, items([frame(2, 1.2)])[0])
    assert [t.label for n in fold.finish(state, us(2)) for t in n.breaches if n.kind == "ended"] == ["frames.back"]


def test_wall_clock_as_stream_time_does_not_make_a_flood() -> None:
    said = run(station(), items(frame(n, 1.7e9 + n / 10) for n in range(50)), us(1.7e9 + 5))
    assert len(said) < 8


def test_state_keeps_no_payload() -> None:
    fold, big = station(), b"\xff\xd8" + bytes(1_000_000)
    state = fold.start(STREAM, SESSION)
    for item in items(frame(n, n / 10, image=big) for n in range(20)):
        state, _ = fold.step(state, item)
    assert len(msgspec.msgpack.encode(state)) < 1_000


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 30), st.integers(0, 3)), max_size=60),
    saved=st.frozensets(st.integers(0, 60)),
)
def test_time_never_falls_and_snapshots_change_nothing(
    steps: list[tuple[int, float, int]], saved: frozenset[int]
) -> None:
    at, seqs, records = 0.0, [0, 0, 0], list[Any]()
    for which, step, skipped in steps:
        at, seqs[which] = at + step, seqs[which] + skipped
        records.append((frame, audio, packets)[which](seqs[which], at))
        seqs[which] += 1
    fed = items(records)
    said = run(station(), fed, us(at))
    assert said == run(station(), fed, us(at), saved=saved)
    times = [(n.pts_us, n.watermark_us) for n in said]
    assert times == sorted(times)
    assert told(said)[0] == "started"
    assert told(said).count("ended") == 1
    assert told(said)[-1] == "ended"
    counted = sum(t.count for n in said if n.kind == "ended" for t in n.received)
    assert counted == len(records)


def test_a_wait_as_long_as_the_progress_is_refused() -> None:
    with pytest.raises(ValueError, match="wait_s must be in"):
        Config(progress_s=1, wait_s=1)
