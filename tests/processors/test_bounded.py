"""An extent read by a station: what lies outside is left out, and its sessions end where it ends."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from processors.bounded import within
from processors.offline import Offline, stored
from processors.reading import Arrival, Stored
from schemas.records import Record
from tests.processors.toys import Boxes, Chain, audio, frame, packets
from topics import catalog as c
from topics.extent import NOTHING, Extent, Passage, extents
from topics.topic import Topic

S = 1_000_000
Log = dict[Topic[Record], list[Record]]


def log(stream: str = "a", frames: int = 30, sounds: int = 6, session: str = "s") -> Log:
    return {
        c.FRAMES: [frame(stream, i, session) for i in range(frames)],
        c.AUDIO: [audio(stream, i, session) for i in range(sounds)],
        c.PACKETS: [packets(stream, i, session) for i in range(frames // 10)],
    }


def said(pieces: Sequence[tuple[Topic[Record], list[Stored], Extent | None]]) -> list[tuple[str, bytes | None]]:
    """What stations say of an extent of each topic, or of a topic whose sessions have ends of their own."""
    route = Offline({"detections": Boxes(), "streams": Chain()})
    found = []
    for topic, messages, extent in pieces:
        mine = messages
        if extent is not None:
            mine = [m for m in messages if extent.first <= m.ref.offset < extent.end and held(extent, topic, m)]
        found += list(route.feed(topic, mine))
    for topic, _, extent in pieces:
        found += list(route.finish(topic, extent, 0)) if extent is not None else []
    return [(o.noun, o.stored.value) for o in found]


def held(extent: Extent, topic: Topic[Record], message: Stored) -> bool:
    from processors.offline import decode_local

    return within(extent, Arrival(0, message, decode_local(message.value, topic)))


def ended(topic: Topic[Record], records: Sequence[Any], passage: Passage) -> list[Record]:
    """The passage's records with an end mark of their own behind them."""
    mine = [r for r in records if passage.holds(r)]
    if mine and mine[-1].end:
        return mine
    seq, pts_us = (mine[-1].seq + 1, mine[-1].pts_us) if mine else (0, passage.from_us or 0)
    mark: Any = topic.record
    return [*mine, mark(stream_id="a", session_id="s", seq=seq, pts_us=pts_us, end=True)]


def test_an_extent_of_nothing_says_nothing() -> None:
    messages = stored(c.FRAMES, log()[c.FRAMES])
    assert said([(c.FRAMES, messages, NOTHING)]) == []


def test_a_passage_of_which_nothing_is_there_still_ends() -> None:
    extent = Extent(0, 0, (Passage("a", "s"),))
    found = said([(t, [], extent) for t in c.RAW])
    assert [noun for noun, _ in found] == ["detections", "streams", "streams"]  # a Fold says its last, then ends


@given(first=st.integers(0, 30), end=st.integers(0, 30), since=st.none() | st.integers(0, 30),
       until=st.none() | st.integers(0, 30))  # fmt: skip
def test_an_extent_says_what_its_records_with_end_marks_of_their_own_would(
    first: int, end: int, since: int | None, until: int | None
) -> None:
    passage = Passage(
        "a", "s", None if since is None else since * S // 10, None if until is None else until * S // 10
    )
    extent, whole = Extent(first, max(first, end), (passage,)), log()
    got = said([(t, stored(t, records), extent) for t, records in whole.items()])
    cut = {t: records[extent.first : extent.end] for t, records in whole.items()}
    want = said([(t, stored(t, ended(t, records, passage)), None) for t, records in cut.items()])
    for noun in ("detections", "streams"):
        mine, theirs = ([v for n, v in some if n == noun] for some in (got, want))
        assert len(mine) == len(theirs)
        if noun == "streams":  # a Map's records name the offsets of their inputs, which are others here
            assert mine == theirs


def test_other_sessions_and_streams_are_left_out() -> None:
    mixed = [r for three in zip(*(log(s, session=n)[c.FRAMES] for s, n in (("a", "s"), ("a", "t"), ("b", "s"))),
                                strict=True) for r in three]  # fmt: skip
    extent = Extent(0, len(mixed), (Passage("a", "s"),))
    assert len(said([(c.FRAMES, stored(c.FRAMES, mixed), extent)])) == 31


def test_marks_stand_at_virtual_offsets_behind_the_extent_in_the_order_of_sessions() -> None:
    passages = (Passage("a", "s"), Passage("b", "s"))
    found = extents(passages, {("t", 0): (5, 9), ("t", 1): (2, 3)}, 1)
    assert found == {("t", 0): Extent(5, 9, passages)}
    assert found["t", 0].last == 11
