"""Rules that hold, and what the narrator says about them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import fused
from processors.events import Config, Events, TemplateNarrator, build
from processors.events.hearing import HearingConfig
from processors.events.models import Phrases
from processors.events.people import PeopleConfig
from schemas.records import Event, Fused
from tests.processors.script import Scene, items, run, us


def events(scene: Scene, config: Config | None = None) -> list[Event]:
    windows = run(fused.build(fused.Config(), None), scene.items(), scene.end_us)
    return run(build(config or Config(), None), items(windows), scene.end_us)


def hits(said: list[Event], *kinds: str) -> list[tuple[str, float]]:
    return [(h.kind, h.at_us / 1e6) for e in said for h in e.hits if h.kind in kinds or not kinds]


DEAF = frozenset({"sounds"})
HELP = Config(hearing=HearingConfig(words=("help",)))
CASES = [
    ("an empty session", Scene(), []),
    ("an empty quiet room", Scene(8), [("silence_started", 0.0)]),
    ("somebody is there from the start", Scene(8, persons=[(0, 8)], without=DEAF), []),
    ("a false box", Scene(8, persons=[(3, 3.2)], without=DEAF), []),
    ("a tracker's short loss", Scene(9, persons=[(0, 3), (5, 9)], without=DEAF), []),
    (
        "somebody comes and goes",
        Scene(12, persons=[(2, 6)], without=DEAF),
        [("person_entered", 2.0), ("person_left", 6.0), ("scene_empty", 6.0)],
    ),
    (
        "one of two leaves",
        Scene(12, persons=[(0, 12), (0, 5)], without=DEAF),
        [("person_left", 5.0)],
    ),
    (
        "five come one by one",
        Scene(12, persons=[(2 * i, 12) for i in range(5)], without=DEAF),
        [("person_entered", 2.0), ("person_entered", 4.0), ("person_entered", 6.0), ("person_entered", 8.0),
         ("crowd", 8.0)],
    ),
    ("speech at once", Scene(4, said=[(1, 3, "good day to you")]), []),
    ("speech after a pause", Scene(9, said=[(7.5, 8.5, "hello")], without=DEAF), [("speech_started", 7.5)]),
    ("short pauses", Scene(9, said=[(1, 3, "a b"), (6, 8, "c d")], without=DEAF), []),
    ("a bang", Scene(4, heard=[(2, 2.5, "Dog", 0.9, -10)]), [("loud_sound", 2.0)]),
    ("a noise that goes on is loud once", Scene(9, heard=[(2, 9, "Dog", 0.9, -10)]), [("loud_sound", 2.0)]),
    ("a faint noise", Scene(3, heard=[(2, 2.5, "Dog", 0.9, -50)]), []),
    ("two claps", Scene(4, heard=[(1, 3, "Applause", 0.8, -40)]), [("applause", 1.0), ("applause", 2.0)]),
    ("a doubtful clap", Scene(3, heard=[(1, 3, "Applause", 0.2, -40)]), []),
    ("a calm face", Scene(5, faces=[(0, 5, "neutral", 0.9)], without=DEAF), []),
    ("a smile too short to believe", Scene(5, [(0, 5)], [(1, 2, "happiness", 0.9)], without=DEAF), []),
    (
        "from sad to happy",
        Scene(8, faces=[(0, 4, "sadness", 0.6), (4, 8, "happiness", 0.9)], without=DEAF),
        [("emotion_changed", 4.0), ("strong_emotion", 4.0)],
    ),
    (
        "another face after a while is no change",
        Scene(16, faces=[(0, 4, "sadness", 0.6), (11, 16, "happiness", 0.6)], without=DEAF),
        [("person_left", 4.0), ("scene_empty", 4.0), ("person_entered", 11.0)],
    ),
    ("a word of interest", Scene(3, said=[(0.5, 1.5, "please Help!")]), [("word", 1.0)]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "scene", "expected"), CASES, ids=[c[0] for c in CASES])
def test_rules_hold_when_they_should(what: str, scene: Scene, expected: list[tuple[str, float]]) -> None:
    assert hits(events(scene, HELP)) == expected


def test_a_room_full_of_silence_is_told_once_in_words() -> None:
    said = events(Scene(8))
    assert [e.text for e in said if e.text] == ["Nobody is in view.", "It falls silent."]
    assert [e.status for e in said] == ["ok", "gated", "ok", "gated", "gated", "gated", "gated", "gated"]
    assert all(e.reason == "nothing new" for e in said if e.status == "gated")


def test_the_narrator_tells_what_is_new_and_every_word() -> None:
    scene = Scene(9, persons=[(2, 9)], said=[(6, 7, "good day")], heard=[(7.5, 9, "Applause", 0.9, -20)])
    assert [e.text for e in events(scene) if e.text] == [
        "Nobody is in view.",
        "A person comes in where nobody was. It falls silent.",
        'A voice begins after 6 s without one. A voice says "good day".',
        "Applause begins.",
    ]


def test_what_is_not_known_is_not_told() -> None:
    blind = events(Scene(5, without=frozenset({"tracks", "emotions"})))
    assert not any("view" in e.text for e in blind)
    deaf = events(Scene(20, persons=[(0, 20)], without=frozenset({"speech", "sounds"})))
    assert [e.text for e in deaf if e.text] == ["One person is in view."]


def test_an_event_names_its_window_its_frame_and_its_narrator() -> None:
    said = events(Scene(2))
    windows = run(fused.build(fused.Config(), None), Scene(2).items(), us(2))
    assert [e.fused_ids for e in said] == [(w.id,) for w in windows]
    assert all(e.frame is not None for e in said)
    narrator = build(Config(), None).model
    assert (narrator.name, len(narrator.sha256)) == ("narrator", 64)


def test_a_window_that_is_none_is_gated_and_forgets_nothing() -> None:
    windows = run(fused.build(fused.Config(), None), Scene(6, persons=[(0, 6)]).items(), us(6))
    windows[3] = Fused(seq=3, pts_us=windows[3].pts_us, watermark_us=windows[3].watermark_us, status="rejected")
    said = run(build(Config(), None), items(windows), us(6))
    assert [e.status for e in said][3] == "gated"
    assert hits(said, "person_entered", "person_left") == []


def test_other_rules_or_phrases_are_another_model() -> None:
    models = {
        build(Config(), None).model.sha256,
        build(HELP, None).model.sha256,
        TemplateNarrator(Config(), Phrases(silent="not a sound")).model.sha256,
    }
    assert len(models) == 3


def test_crowd_limits_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="crowd_over must be below crowd"):
        PeopleConfig(crowd=2, crowd_over=2)


spans = st.tuples(st.integers(0, 14), st.integers(1, 6)).map(lambda t: (t[0], t[0] + t[1]))
feelings = st.sampled_from(["happiness", "fear", "neutral"])
busy = st.builds(
    Scene,
    seconds=st.integers(0, 15),
    persons=st.lists(spans, max_size=6),
    faces=st.lists(st.tuples(spans, feelings).map(lambda t: (*t[0], t[1], 0.9)), max_size=3),
    said=st.lists(st.integers(0, 14), max_size=4, unique=True).map(
        lambda b: [(t, t + 0.9, "help me") for t in sorted(b)]
    ),
    heard=st.lists(spans.map(lambda s: (*s, "Applause", 0.7, -12.0)), max_size=2),
    fps=st.just(2.0),
    without=st.frozensets(st.sampled_from(["tracks", "emotions", "speech", "sounds"]), max_size=2),
)


@settings(max_examples=50, deadline=None)
@given(scene=busy, saved=st.frozensets(st.integers(0, 15)))
def test_there_is_one_event_a_window_and_snapshots_change_nothing(scene: Scene, saved: frozenset[int]) -> None:
    windows = run(fused.build(fused.Config(), None), scene.items(), scene.end_us)
    fold: Any = Events(TemplateNarrator(), Config())
    said = run(fold, items(windows), scene.end_us)
    assert said == run(fold, items(windows), scene.end_us, saved=saved)
    assert [(e.pts_us, e.watermark_us) for e in said] == [(w.pts_us, w.watermark_us) for w in windows]
    for e in said:
        assert (e.status == "ok") == bool(e.text)
        assert 0 <= e.score <= 1
        assert e.score == max((h.score for h in e.hits), default=0)
        assert all(0 < h.score <= 1 and h.text and h.at_us < e.end_us for h in e.hits)
