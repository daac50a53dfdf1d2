"""A session is followed to its end, each record counted once."""

from deploy.summary import clip_rows, highlight_rows
from deploy.watch import NOUNS, SessionWatch
from schemas.records import BY_NOUN, Clip, Frame, Highlight


def frame(seq: int, *, session: str = "s", end: bool = False) -> Frame:
    return Frame(stream_id="a", session_id=session, seq=seq, pts_us=seq * 100_000, end=end)


def test_nothing_seen_is_nothing_counted_and_all_is_missing() -> None:
    watch = SessionWatch("s")
    assert set(watch.counts.values()) == {0}
    assert watch.missing == list(NOUNS)


def test_repeats_other_sessions_and_what_follows_the_end_are_not_counted() -> None:
    watch = SessionWatch("s")
    taken = [
        watch.take("frames", f) for f in (frame(0), frame(0), frame(1), frame(1, session="t"), frame(2, end=True))
    ]
    assert taken == [True, False, True, False, True]
    assert not watch.take("frames", frame(3))
    assert watch.counts["frames"] == 2
    assert "frames" not in watch.missing


def test_it_is_over_when_every_topic_has_ended() -> None:
    watch = SessionWatch("s")
    for noun in NOUNS:
        cls = BY_NOUN[noun]
        watch.take(noun, cls(stream_id="a", session_id="s", seq=0, pts_us=0, end=True))
    assert watch.missing == []


def test_highlights_and_clips_are_kept_for_the_summary() -> None:
    watch = SessionWatch("s")
    watch.take("highlights", Highlight(session_id="s", id="h", start_us=1, end_us=2, score=0.5))
    watch.take("clips", Clip(session_id="s", highlight_id="h", key="clips/a/h.mp4", bytes=9))
    assert [h["id"] for h in highlight_rows(watch)] == ["h"]
    assert clip_rows(watch, "objects")[0]["path"] == "objects/clips/a/h.mp4"
