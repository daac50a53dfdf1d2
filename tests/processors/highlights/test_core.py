"""Moments worth seeing."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import events, fused
from processors.highlights import Config, build
from processors.station import Item
from schemas.records import Event, Evidence, Fused, Highlight, Hit, Ref
from tests.processors.script import items, run, us, wire
from tests.processors.truth import judge, scene_of


def station(**config: Any) -> Any:
    return build(Config(**config), None)


def windows(hits: dict[int, list[tuple[str, float]]], seconds: int) -> list[Item[Any]]:
    """Windows of 1 s and their events, with hits (kind, score) at some seconds."""
    made: list[Any] = []
    for t in range(seconds):
        start, end = us(t), us(t + 1)
        frame = Ref(topic="frames", partition=0, offset=10 * t)
        seen = Evidence(first_frame=frame, last_frame=replace(frame, offset=10 * t + 9))
        made.append(
            Fused(seq=t, id=f"f{t}", pts_us=start, watermark_us=end, start_us=start, end_us=end, evidence=seen)
        )
        here = tuple(Hit(kind=k, score=s, at_us=start, text=k) for k, s in hits.get(t, []))
        made.append(
            Event(seq=t, id=f"e{t}", pts_us=start, watermark_us=end, start_us=start, end_us=end, hits=here)
        )
    return items(made)


def chosen(hits: dict[int, list[tuple[str, float]]], seconds: int, **config: Any) -> list[Highlight]:
    return run(station(**config), windows(hits, seconds), us(seconds))


def test_an_empty_session_has_no_highlight() -> None:
    assert run(station(), [], 0) == []


def test_where_nothing_happens_there_is_no_highlight() -> None:
    assert chosen({}, 30) == []
    assert chosen({5: [("silence_started", 1.0)], 9: [("unheard_of", 1.0)]}, 30) == []


def test_one_event_makes_one_highlight_around_it() -> None:
    (h,) = chosen({10: [("person_entered", 1.0)]}, 30)
    assert h.start_us == us(8)
    assert us(12) < h.end_us <= us(18)
    assert h.peak_us == us(10)
    assert h.title == "Person_entered"
    assert [(r.kind, r.at_us) for r in h.reasons] == [("person_entered", us(10))]
    assert h.fused_ids == tuple(f"f{t}" for t in range(8, h.end_us // us(1)))
    assert h.event_ids == ("e10",)
    assert h.frame == Ref(topic="frames", partition=0, offset=109), "the poster is of the best window"
    first, last = h.first_frame, h.last_frame
    assert first is not None
    assert last is not None
    assert (first.offset, last.offset) == (80, h.end_us // us(1) * 10 - 1)


def test_it_is_said_within_seconds_after_it_ended() -> None:
    fold, fed = station(), windows({10: [("person_entered", 1.0)]}, 40)
    state = fold.start("", "")
    for item in fed:
        state, said = fold.step(state, item)
        if said:
            assert item.record.end_us - said[0].end_us <= us(3)
            return
    pytest.fail("nothing was said before the session's end")


def test_what_follows_closely_joins_and_what_comes_later_does_not() -> None:
    assert len(chosen({10: [("person_entered", 1.0)], 14: [("speech_started", 1.0)]}, 40)) == 1
    assert len(chosen({10: [("person_entered", 1.0)], 24: [("speech_started", 1.0)]}, 40)) == 2


def test_the_same_thing_again_and_again_is_not_news() -> None:
    said = chosen({t: [("person_entered", 1.0)] for t in range(5, 120, 3)}, 120)
    covered = sum(h.end_us - h.start_us for h in said)
    assert covered < us(60)
    first = chosen({5: [("loud_sound", 0.9)], 11: [("loud_sound", 0.9)], 17: [("loud_sound", 0.9)]}, 30)
    assert len(first) == 1


def test_after_a_long_time_it_is_news_again() -> None:
    assert len(chosen({10: [("person_entered", 1.0)], 100: [("person_entered", 1.0)]}, 120)) == 2


def test_long_applause_is_one_highlight_that_ends_before_the_applause() -> None:
    said = chosen({t: [("applause", 0.8)] for t in range(10, 100)}, 110)
    assert len(said) == 1
    assert said[0].start_us == us(8)
    assert us(14) < said[0].end_us < us(60)


def test_a_moment_is_cut_at_the_longest_length() -> None:
    kinds = ("person_entered", "speech_started", "emotion_changed", "applause", "word", "alarm", "scream", "bang")
    said = chosen({5 + 2 * i: [(k, 1.0)] for i, k in enumerate(kinds)}, 40, longest_s=10.0)
    assert len(said) >= 2
    assert all(h.end_us - h.start_us <= us(10) for h in said)


def test_a_reason_found_late_is_still_covered() -> None:
    fed = windows({}, 20)
    late = Hit(kind="person_left", score=1.0, at_us=us(7), text="gone")
    loud = Hit(kind="loud_sound", score=1.0, at_us=us(10), text="loud")
    fed = [Item(replace(i.record, hits=(late, loud)), i.ref) if i.record.id == "e10" else i for i in fed]
    (h,) = run(station(), fed, us(20))
    assert h.start_us == us(5)


def test_the_budget_holds_in_any_span() -> None:
    kinds = ("person_entered", "speech_started", "emotion_changed", "applause", "word", "alarm", "scream", "bang")
    hits = {10 + 14 * i: [(kinds[i % 8], 1.0), (kinds[(i + 3) % 8], 1.0)] for i in range(16)}
    said = chosen(hits, 250, budget=3, budget_s=100.0)
    assert 3 <= len(said) < 10
    for h in said:
        assert sum(h.start_us <= o.start_us < h.start_us + us(100) for o in said) <= 3


def test_windows_without_events_do_not_stop_the_route() -> None:
    fed = [
        i for i in windows({10: [("word", 1.0)]}, 30) if isinstance(i.record, Fused) or i.record.pts_us == us(10)
    ]
    assert len(run(station(), fed, us(30))) == 1


def test_a_moment_that_lasts_to_the_end_is_said_there() -> None:
    (h,) = chosen({9: [("word", 1.0)]}, 10)
    assert h.end_us == us(10)


@pytest.mark.media
def test_the_shared_clip_as_its_timeline_tells_it_gives_the_moments_a_person_would_pick(testdata: Path) -> None:
    scene = scene_of(testdata / "video/stream_shared.timeline.json")
    seen = run(fused.build(fused.Config(), None), scene.items(), scene.end_us)
    told = run(events.build(events.Config(), None), items(seen), scene.end_us)
    verdict = judge(
        run(station(), items([*seen, *told]), scene.end_us), testdata / "video/stream_shared.highlights.json"
    )
    assert verdict.missed == ()
    assert verdict.dull == ()
    assert verdict.precision >= 0.8


KINDS = st.sampled_from([w.kind for w in Config().weights])
score = st.floats(0, 1, width=32)


@settings(max_examples=80, deadline=None)
@given(
    hits=st.dictionaries(st.integers(0, 79), st.lists(st.tuples(KINDS, score), max_size=4), max_size=40),
    saved=st.frozensets(st.integers(0, 159)),
    budget=st.integers(1, 12),
)
def test_highlights_never_overlap_and_say_what_they_claim(
    hits: dict[int, list[tuple[str, float]]], saved: frozenset[int], budget: int
) -> None:
    fold, fed = station(budget=budget, budget_s=60.0), windows(hits, 80)
    said = run(fold, fed, us(80))
    assert said == run(fold, fed, us(80), saved=saved)
    for a, b in pairwise(said):
        assert a.end_us <= b.start_us
        assert a.watermark_us <= b.pts_us <= b.watermark_us
    for h in said:
        assert 0 <= h.start_us <= h.peak_us < h.end_us <= us(80)
        assert Config().open - 1e-6 <= h.score <= 1
        assert sum(r.weight for r in h.reasons) == pytest.approx(h.score, abs=1e-5)
        assert [r.weight for r in h.reasons] == sorted((r.weight for r in h.reasons), reverse=True)
        assert len({r.kind for r in h.reasons}) == len(h.reasons) <= Config().reasons_max
        assert h.title
        assert len(h.fused_ids) == len(set(h.fused_ids)) > 0
        assert h == wire(h)


def test_what_a_window_with_less_happening_gets_is_never_more() -> None:
    one = chosen({10: [("person_entered", 1.0)]}, 30)[0].score
    two = chosen({10: [("person_entered", 1.0), ("speech_started", 1.0)]}, 30)[0].score
    weak = chosen({10: [("person_entered", 0.6)]}, 30)[0].score
    assert weak < one < two


@pytest.mark.parametrize("config", [{"keep": 0.9}, {"open": 1.0}, {"keep": 0.0}, {"longest_s": 3.0}])
def test_tunables_that_contradict_are_refused(config: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"keep and open|longest_s"):
        Config(**config)  # type: ignore[arg-type]
