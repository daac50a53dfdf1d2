"""The shared livestream clip as a script and as truth: what its timeline and its list of moments say."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.records import Highlight
from tests.processors.script import Scene, us

FEELINGS = {"fear/surprise (transition)": "fear"}
HIT_SLACK_S = 3.0  # the list's own rule: overlaps a moment, or starts within 3 s of it


def scene_of(timeline: Path) -> Scene:
    """The clip as its timeline tells it: every person, word, feeling and clap where it says they are."""
    known: dict[str, Any] = json.loads(timeline.read_text())
    persons, faces, said, heard = [], [], [], []
    for s in known["segments"]:
        begin, end = s["start"], s["end"]
        intervals = s.get("intervals", [])
        seen = [(i["start"], i["end"]) for i in intervals if i["kind"] == "person_visible"]
        persons += seen or ([(begin, end)] if s.get("persons") == 1 else [])
        felt = [i for i in intervals if i["kind"] == "emotion"]
        faces += [(i["start"], i["end"], FEELINGS.get(i["label"], i["label"]), 0.85) for i in felt]
        if s.get("face") and not felt:
            faces.append((begin, end, "neutral", 0.7))
        heard += [(i["start"], i["end"], "Applause", 0.74, -18.0) for i in intervals if i["kind"] == "applause"]
        spans = s.get("speech_vad", [])
        words = s.get("transcript", "").split()
        for n, (a, b) in enumerate(spans):
            part = words[n * len(words) // len(spans) : (n + 1) * len(words) // len(spans)]
            said.append((a, b, " ".join(part) or "hm"))
    return Scene(known["duration"], tuple(persons), tuple(faces), tuple(said), tuple(heard))


@dataclass(frozen=True)
class Verdict:
    """Which moments were hit, and which highlights hit none or lie wholly in a dull stretch."""

    hit: tuple[str, ...]
    missed: tuple[str, ...]
    beside: tuple[Highlight, ...]
    dull: tuple[Highlight, ...]
    said: int

    @property
    def precision(self) -> float:
        """Share of highlights that hit a moment."""
        return 1 - len(self.beside) / self.said if self.said else 0.0

    @property
    def recall(self) -> float:
        """Share of moments hit."""
        return len(self.hit) / (len(self.hit) + len(self.missed))


def judge(said: Sequence[Highlight], moments: Path) -> Verdict:
    """Highlights against the list of moments, by its own rule."""
    truth = json.loads(moments.read_text())

    def hits(h: Highlight, m: dict[str, Any]) -> bool:
        overlaps = h.start_us < us(m["end"]) and us(m["start"]) < h.end_us
        return overlaps or abs(h.start_us - us(m["start"])) <= us(HIT_SLACK_S)

    found = [m["what"] for m in truth["moments"] if any(hits(h, m) for h in said)]
    missed = [m["what"] for m in truth["moments"] if m["what"] not in found]
    beside = [h for h in said if not any(hits(h, m) for m in truth["moments"])]
    dull = [
        h for h in said if any(us(d["start"]) <= h.start_us and h.end_us <= us(d["end"]) for d in truth["dull"])
    ]
    return Verdict(tuple(found), tuple(missed), tuple(beside), tuple(dull), len(said))
