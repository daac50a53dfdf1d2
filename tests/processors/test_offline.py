"""The offline shell runs the route: same records in, same bytes out."""

import pytest

from processors.offline import Offline, decode_local, run_offline, stored
from processors.reading import Stored
from schemas.records import Record, Ref
from tests.processors.toys import Boxes, Chain, audio, frame, packets
from topics import catalog as c
from topics.topic import Topic


def clip(stream: str = "a", seconds: int = 2) -> dict[Topic[Record], list[Stored]]:
    n, m = seconds * 10, seconds * 2
    return {
        c.FRAMES: stored(c.FRAMES, [*(frame(stream, i) for i in range(n)), frame(stream, n, end=True, image=b"")]),
        c.AUDIO: stored(c.AUDIO, [*(audio(stream, i) for i in range(m)), audio(stream, m, end=True, pcm=b"")]),
        c.PACKETS: stored(c.PACKETS, [packets(stream, 0, end=True)]),
    }  # fmt: skip


def test_no_records_no_outputs() -> None:
    assert run_offline({}, {"detections": Boxes()}) == {"detections": []}
    assert run_offline(clip(), {}) == {}


def test_every_station_says_all_it_has_to_say_and_ends() -> None:
    said = run_offline(clip(), {"detections": Boxes(), "streams": Chain()})
    for topic, count in ((c.DETECTIONS, 21), (c.STREAMS, 26)):
        records = [decode_local(v, topic) for v in said[topic.noun]]
        assert [r.seq for r in records if isinstance(r, topic.record)] == list(range(count))
        assert [getattr(r, "end", None) for r in records] == [False] * (count - 1) + [True]


def test_twice_the_same_and_in_any_grouping_the_same() -> None:
    raw = clip()
    whole = run_offline(raw, {"detections": Boxes(), "streams": Chain()})
    assert run_offline(raw, {"detections": Boxes(), "streams": Chain()}) == whole
    route = Offline({"detections": Boxes(), "streams": Chain()})
    one_by_one = [o for t, ms in raw.items() for m in ms for o in route.feed(t, [m])]
    for noun, values in whole.items():
        assert [o.stored.value for o in one_by_one if o.noun == noun] == values


def test_batches_are_as_large_as_the_core_likes() -> None:
    core = Boxes()
    list(Offline({"detections": core}).feed(c.FRAMES, clip()[c.FRAMES]))
    assert core.batches == [4, 4, 4, 4, 4]  # the 21st is the end mark


def test_a_station_reads_what_another_has_written_with_the_logs_precision() -> None:
    seen: list[float] = []

    class Tracks(Chain):
        def step(self, state, item):  # type: ignore[no-untyped-def]
            seen.append(item.record.boxes[0].score)
            return state, []

        def finish(self, state, pts_us):  # type: ignore[no-untyped-def]
            return []

    said = run_offline(clip(), {"detections": Boxes(), "tracks": Tracks()})
    assert set(seen) == {0.10000000149011612}
    assert len(said["tracks"]) == 1


def test_dead_letters_are_kept_with_their_bytes() -> None:
    route = Offline({"detections": Boxes()})
    junk = Stored(Ref(topic="framelog.frames", partition=0, offset=0), b"a", b"junk!!!")
    assert list(route.feed(c.FRAMES, [junk])) == []
    assert route.dead == {"detections": 1}
    assert route.letters[0][1].cause.stored is junk


def test_an_unknown_station_is_named() -> None:
    with pytest.raises(ValueError, match="no such stations: \\['boxes'\\]"):
        Offline({"boxes": Boxes()})
