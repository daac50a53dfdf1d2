"""What is kept of a session's packets, and what is said to be missing."""

from connectors.clips.index import SessionIndex
from schemas.records import CodedTrack, Packet, Packets

S = 1_000_000
VIDEO = (CodedTrack(index=0, kind="video", codec="h264", time_base_num=1, time_base_den=25),)


def record(seq: int, key: bool = True, end: bool = False) -> Packets:
    packets = () if end else (Packet(track=0, data=b"x", key=key),)
    return Packets(stream_id="s", session_id="e", seq=seq, pts_us=seq * S, tracks=VIDEO, packets=packets, end=end)


def index(*seqs: int, ended: bool = False) -> SessionIndex:
    made = SessionIndex()
    for seq in seqs:
        made.add(seq * 10, record(seq))
    if ended:
        made.add(10_000, record(seqs[-1] + 1 if seqs else 0, end=True))
    return made


def test_of_nothing_there_is_no_stretch() -> None:
    assert index().stretch(0, S) == []
    assert not index().passed(0)
    assert not index().covers(0)
    assert index(ended=True).passed(S)


def test_a_repeat_is_left_alone() -> None:
    made = index(0, 1)
    made.add(77, record(1))
    assert [e.offset for e in made.entries] == [0, 10]


def test_a_stretch_begins_with_a_key_frame_at_or_before_it() -> None:
    made = SessionIndex()
    for seq in range(10):
        made.add(seq * 10, record(seq, key=seq % 4 == 0))
    assert [e.seq for e in made.stretch(9 * S, 10 * S)] == [4, 5, 6, 7, 8, 9]
    assert [e.seq for e in made.stretch(S, 3 * S)] == [0, 1, 2, 3], "sound may lie a second later"
    assert [made.passed(t * S) for t in (8, 9)] == [True, False]


def test_a_session_met_in_its_middle_covers_only_what_lies_behind_two_key_frames() -> None:
    made = index(5, 6, 7)
    assert [made.covers(t * S) for t in (4, 5, 6, 7)] == [False, False, True, True]
    made.put_before(index(2, 3, 4, 5), 20, whole=False)
    assert [e.seq for e in made.entries] == [2, 3, 4, 5, 6, 7]
    assert [made.covers(t * S) for t in (2, 3)] == [False, True]
    made.put_before(index(0, 1), 0, whole=False)
    assert made.covers(0), "it has the session's first record"


def test_what_is_forgotten_is_looked_for_again() -> None:
    made = index(*range(20))
    made.forget(15 * S)
    assert [e.seq for e in made.entries] == [15, 16, 17, 18, 19]
    assert (made.since, made.covers(10 * S)) == (150, False)
    made.forget(100 * S)
    assert [e.seq for e in made.entries] == [19], "the last one tells how far the session is"


def test_what_is_missing_is_said_in_words() -> None:
    whole, cut = index(0, 1, 2, 3, ended=True), index(2, 3, 4)
    cut.whole = True
    assert whole.missing([record(0), record(1)], 0, 2 * S, (0, 2 * S)) == ""
    assert whole.missing([record(0), record(1)], 0, 9 * S, (0, 4 * S)) == "", "the session never had more"
    assert cut.missing([record(2)], S // 2, 3 * S, (2 * S, 3 * S)) == "its first 1.50 s have expired"
    assert cut.missing([record(2), record(4)], 2 * S, 4 * S, (2 * S, 4 * S)) == (
        "1 records of packets are missing within"
    )
    assert cut.missing([record(2)], 2 * S, 9 * S, (2 * S, 5 * S)) == "its last 4.00 s had not come in time"
