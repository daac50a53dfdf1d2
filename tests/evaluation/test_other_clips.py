"""What the route makes of clips of quite different kinds: nothing is tuned to one of them.

Truth is what the clips' own descriptions say; `pytest tests/evaluation -m slow -s` prints what was found.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evaluation.route import run_route
from tests.processors.script import us

pytestmark = [pytest.mark.media, pytest.mark.slow, pytest.mark.timeout(600)]

VISITS = (6.5, 23.0, 51.0, 74.5, 93.0, 123.5)


@dataclass(frozen=True)
class Case:
    """A clip, what must be told of it and when (seconds, within `slack_s`), of which kinds nothing else may be
    told, and how many highlights it is worth.
    """

    file: str
    told: tuple[tuple[str, float], ...]
    only: frozenset[str]
    highlights: tuple[int, int]
    fps: float = 5.0
    slack_s: float = 2.0


CASES = [
    Case("video/intel_car-detection.mp4", (),
         frozenset({"person_entered", "speech_started", "applause"}), (0, 0), 1.0),
    Case("video/intel_one-by-one-person-detection.mp4", tuple(("person_entered", t) for t in VISITS),
         frozenset({"person_entered", "crowd", "speech_started"}), (4, 6)),
    Case("video/autoeditor_example.mp4", (("silence_started", 17.3), ("speech_started", 39.97)),
         frozenset({"speech_started", "person_entered", "applause", "strong_emotion"}), (1, 1), 1.0),
    Case("video/vl_applausing.mp4", (("applause", 0.5),), frozenset({"speech_started"}), (1, 1), 10.0),
    Case("video/pyfeat_WolfgangLanger_Pexels.mp4", (("strong_emotion", 0.5), ("emotion_changed", 9.5)),
         frozenset({"person_entered", "person_left", "speech_started", "applause"}), (1, 2), 10.0),
    Case("video/pyfeat_noface_face.mov", (("person_entered", 3.5),), frozenset({"person_entered"}), (1, 1), 10.0),
    Case("audio/jfk.flac", (), frozenset({"person_entered", "speech_started", "applause"}), (0, 0)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[Path(c.file).stem for c in CASES])
def test_a_clip_is_told_as_it_is(case: Case, testdata: Path) -> None:
    said = run_route(testdata / case.file, "cpu", testdata / "models", fps=case.fps)
    hits = [(h.kind, h.at_us / 1e6) for e in said["events"] for h in e.hits if not h.text.endswith("goes on")]
    sys.stdout.write(f"\n{case.file}: {hits}")
    for h in said["highlights"]:
        sys.stdout.write(f"\n  {h.start_us / 1e6:.1f} … {h.end_us / 1e6:.1f} s  {h.score:.2f}  {h.title}")
    expected = list(case.told)
    for kind, at in expected:
        assert any(k == kind and abs(t - at) <= case.slack_s for k, t in hits), (kind, at)
    false = [
        h
        for h in hits
        if h[0] in case.only and not any(k == h[0] and abs(t - h[1]) <= case.slack_s for k, t in expected)
    ]
    assert false == []
    fewest, most = case.highlights
    assert fewest <= len(said["highlights"]) <= most
    assert all(a.end_us <= b.start_us for a, b in zip(said["highlights"], said["highlights"][1:], strict=False))
    assert all(w.start_us == n * us(1) for n, w in enumerate(said["fused"]))
