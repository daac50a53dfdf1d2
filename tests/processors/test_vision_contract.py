"""What every station that sees must keep, with every model: one answer a frame in order, the same bytes however
often and in whatever grouping, states that survive being written down, time that never falls.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from processors import detections, emotions, faces, tracks
from processors.offline import Offline, decode_local, encode_local, stored
from processors.reading import Stored
from processors.shelf import Shelf
from processors.station import Fold, Item, Map, Rejected
from schemas.records import Detections, Faces, Frame, Record, Ref, Speech
from topics import catalog as c
from topics.topic import Topic

pytestmark = pytest.mark.media
REF = Ref(topic="x", partition=0, offset=0)
Campus = tuple[list[bytes], object]


@pytest.fixture(scope="module", params=["builtin", "cpu"])
def shelf(request: pytest.FixtureRequest, testdata: Path) -> Shelf:
    return Shelf(request.param, testdata / "models")


@pytest.fixture(scope="module")
def frames(testdata: Path, campus: Campus) -> list[Frame]:
    """People walking, a group, two men, and in their middle bytes that are no picture."""
    names = ("zidane.jpg", "pyfeat_multi_face.jpg")
    images = [
        *campus[0][:5],
        b"no picture",
        *((testdata / "images" / n).read_bytes() for n in names),
        *campus[0][5:8],
    ]
    return [
        Frame(stream_id="cam", session_id="s", seq=i, pts_us=i * 100_000, image=image)
        for i, image in enumerate(images)
    ]


def stations(shelf: Shelf) -> dict[str, Any]:
    return {
        "detections": detections.build(detections.Config(), shelf),
        "faces": faces.build(faces.Config(), shelf),
        "tracks": tracks.build(tracks.Config(), shelf),
        "emotions": emotions.build(emotions.Config(), shelf),
    }


@pytest.mark.parametrize("noun", ["detections", "faces"])
def test_a_map_answers_each_frame_in_order_and_the_same_in_any_batch(
    noun: str, shelf: Shelf, frames: list[Frame]
) -> None:
    core: Map[Frame, Detections | Faces] = stations(shelf)[noun]
    items = [Item(f, Ref(topic="framelog.frames", partition=0, offset=f.seq)) for f in frames]
    assert core([]) == []
    whole = core(items)
    assert len(whole) == len(items)
    assert [i for i, said in enumerate(whole) if isinstance(said, Rejected)] == [5]
    assert [s.frame and s.frame.offset for s in whole if not isinstance(s, Rejected)] == [*range(5), *range(6, 11)]
    assert [core([item])[0] for item in items] == whole
    assert stations(shelf)[noun](items) == whole


def inputs(shelf: Shelf, frames: list[Frame]) -> dict[str, list[Record]]:
    """What the Folds read, through the log's bytes."""
    route = Offline({n: s for n, s in stations(shelf).items() if n != "emotions"})
    out: dict[str, list[Record]] = {"detections": [], "faces": [], "tracks": []}
    for said in route.feed(c.FRAMES, stored(c.FRAMES, frames)):
        decoded = decode_local(said.stored.value, c.BY_NOUN[said.noun])
        out[said.noun].append(decoded)  # type: ignore[arg-type]
    return out


def folded(core: Fold[Any, Any, Any], records: Sequence[Record], *, written: bool) -> list[Any]:
    state = core.start("cam", "s")
    said: list[Any] = []
    for record in records:
        state, more = core.step(state, Item(record, REF))
        if written:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=core.state)
        said += more
    return [*said, *core.finish(state, records[-1].pts_us)]


@pytest.mark.parametrize("noun", ["tracks", "emotions"])
def test_a_fold_goes_on_from_a_written_state_as_if_nothing_had_been(
    noun: str, shelf: Shelf, frames: list[Frame]
) -> None:
    core, read = stations(shelf)[noun], inputs(shelf, frames)
    records = read["detections"]
    if noun == "emotions":
        records = [r for pair in zip(read["tracks"], read["faces"], strict=True) for r in pair]
    said = folded(core, records, written=False)
    assert folded(core, records, written=True) == said
    assert len(said) == len(frames)
    assert [s.status for s in said] == ["ok"] * 5 + ["rejected"] + ["ok"] * 5
    for times in ([s.pts_us for s in said], [s.watermark_us for s in said]):
        assert times == [f.pts_us for f in frames]


def run(
    shelf: Shelf, frames: list[Frame], grouping: Callable[[list[Any]], list[list[Any]]]
) -> dict[str, list[bytes]]:
    """All bytes that the four stations say, in the offline shell."""
    route, out = Offline(stations(shelf)), dict[str, list[bytes]]()
    last = Frame(stream_id="cam", session_id="s", seq=len(frames), pts_us=len(frames) * 100_000, end=True)
    ends = [Speech(stream_id="cam", session_id="s", seq=0, pts_us=last.pts_us, end=True)]
    feeds: list[tuple[Topic[Any], list[Stored]]] = [
        (c.SPEECH, stored(c.SPEECH, ends)),
        *((c.FRAMES, g) for g in grouping(stored(c.FRAMES, [*frames, last]))),
    ]
    for topic, messages in feeds:
        for said in route.feed(topic, messages):
            out.setdefault(said.noun, []).append(said.stored.value or b"")
    return out


def test_the_offline_shell_says_the_same_bytes_twice_and_in_any_grouping(
    shelf: Shelf, frames: list[Frame]
) -> None:
    whole = run(shelf, frames, lambda all_: [all_])
    assert run(shelf, frames, lambda all_: [[m] for m in all_]) == whole
    assert {noun: len(values) for noun, values in whole.items()} == dict.fromkeys(
        ("detections", "faces", "tracks", "emotions"), len(frames) + 1
    )
    for noun, values in whole.items():
        records: list[Any] = [decode_local(v, c.BY_NOUN[noun]) for v in values]
        assert [r.seq for r in records] == list(range(len(values)))
        assert [encode_local(r) for r in records] == values
        assert records[0].model.name
        assert records[-1].end
