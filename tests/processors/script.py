"""Record sequences from compact scripts, and a driver for folds: what the stations under test are fed with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from processors.station import Item
from schemas.codec import NOUN_OF, decode, encode, schema_text
from schemas.identity import record_id
from schemas.records import (
    Emotions,
    PersonEmotion,
    Record,
    Ref,
    Score,
    Sounds,
    Speech,
    TrackedBox,
    Tracks,
    Word,
)  # fmt: skip

STREAM, SESSION = "door", "5d0c8a0e-0000-5000-8000-000000000001"
ORDER = ("frames", "audio", "packets", "tracks", "emotions", "speech", "sounds", "fused", "events")
QUIET_DB, VOICE_DB = -100.0, -24.0


def us(seconds: float) -> int:
    """Seconds to stream time."""
    return round(seconds * 1_000_000)


def wire(record: Any) -> Any:
    """The record as the next station reads it: encoded and decoded again."""
    noun = NOUN_OF[type(record)]
    return decode(encode(record, 1), type(record), lambda _: schema_text(noun))


def items(records: Iterable[Any]) -> list[Item[Any]]:
    """Records in the merge's order, each with a place in the log."""
    ordered = sorted(records, key=lambda r: (r.pts_us, ORDER.index(NOUN_OF[type(r)]), r.seq))
    return [Item(wire(r), Ref(topic=NOUN_OF[type(r)], partition=0, offset=1000 + r.seq)) for r in ordered]


def run(fold: Any, fed: Sequence[Item[Any]], end_us: int, *, saved: frozenset[int] = frozenset()) -> list[Any]:
    """What a fold says to its inputs, stamped as the driver does; before the inputs numbered in `saved` the
    state goes through its encoded form, as it does when a snapshot is read back.
    """
    state, said = fold.start(STREAM, SESSION), list[Any]()
    for i, item in enumerate(fed):
        if i in saved:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=fold.state)
        state, out = fold.step(state, item)
        said += out
    said += fold.finish(state, end_us)
    return stamp(said)


def stamp(said: Sequence[Any]) -> list[Any]:
    """Records with stream, session, seq and id, as read from the log."""
    return [
        wire(replace(r, stream_id=STREAM, session_id=SESSION, seq=seq,
                     id=record_id(NOUN_OF[type(r)], STREAM, SESSION, seq)))
        for seq, r in enumerate(said)
    ]  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """What happens in a made-up recording; all times in seconds.

    persons: (begin, end) of each. faces: (begin, end, emotion, score). said: (begin, end, text).
    heard: (begin, end, sound class, score, level in dB).
    """

    seconds: float = 0.0
    persons: Sequence[tuple[float, float]] = ()
    faces: Sequence[tuple[float, float, str, float]] = ()
    said: Sequence[tuple[float, float, str]] = ()
    heard: Sequence[tuple[float, float, str, float, float]] = ()
    fps: float = 5.0
    without: frozenset[str] = field(default_factory=frozenset)

    @property
    def end_us(self) -> int:
        """The session's end."""
        return us(self.seconds)

    def items(self) -> list[Item[Any]]:
        """The scene as the fused station reads it."""
        made: dict[str, list[Any]] = {
            "tracks": self._tracks(),
            "emotions": self._emotions(),
            "speech": self._speech(),
            "sounds": self._sounds(),
        }
        return items(r for noun, records in made.items() if noun not in self.without for r in stamp(records))

    def _times(self) -> list[float]:
        return [i / self.fps for i in range(round(self.seconds * self.fps))]

    def _tracks(self) -> list[Record]:
        made: list[Record] = []
        before: set[int] = set()
        for seq, t in enumerate(self._times()):
            now = {i for i, (a, b) in enumerate(self.persons, 1) if a <= t < b}
            made.append(
                Tracks(
                    pts_us=us(t), watermark_us=us(t), frame=Ref(topic="frames", partition=0, offset=seq),
                    tracks=tuple(self._box(i) for i in sorted(now)),
                    entered=tuple(sorted(now - before)), left=tuple(sorted(before - now)),
                )
            )  # fmt: skip
            before = now
        return made

    @staticmethod
    def _box(i: int) -> TrackedBox:
        return TrackedBox(
            track_id=i, label="person", score=0.9, x1_px=10.0 * i, y1_px=10, x2_px=10.0 * i + 50, y2_px=200
        )

    def _emotions(self) -> list[Record]:
        return [
            Emotions(
                pts_us=us(t), watermark_us=us(t), frame=Ref(topic="frames", partition=0, offset=seq),
                persons=tuple(PersonEmotion(emotion=e, score=s, x1_px=0, y1_px=0, x2_px=9, y2_px=9)
                              for a, b, e, s in self.faces if a <= t < b),
            )
            for seq, t in enumerate(self._times())
        ]  # fmt: skip

    def _speech(self) -> list[Record]:
        made, at = list[Record](), 0.0
        for begin, end, text in (*sorted(self.said), (self.seconds, self.seconds, "")):
            while at < begin:
                until = min(at + 1.0, begin)
                made.append(Speech(pts_us=us(at), watermark_us=us(until), start_us=us(at), end_us=us(until),
                                   status="gated", reason="nobody speaks"))  # fmt: skip
                at = until
            if text:
                tokens = text.split()
                step = (end - begin) / len(tokens)
                words = tuple(
                    Word(text=w, start_us=us(begin + i * step), end_us=us(begin + (i + 1) * step))
                    for i, w in enumerate(tokens)
                )
                made.append(Speech(pts_us=us(begin), watermark_us=us(end), start_us=us(begin), end_us=us(end),
                                   text=text, words=words, loudness_db=VOICE_DB))  # fmt: skip
                at = end
        return made

    def _sounds(self) -> list[Record]:
        made = list[Record]()
        for i in range(round(self.seconds * 2)):
            a, b = i / 2, (i + 1) / 2
            here = [h for h in self.heard if h[0] < b and a < h[1]]
            voice = any(x < b and a < y for x, y, _ in self.said)
            level = max([VOICE_DB if voice else QUIET_DB, *(h[4] for h in here)])
            classes = [Score(label=h[2], score=h[3]) for h in here] + (
                [Score(label="Speech", score=0.9)] if voice else []
            )
            made.append(Sounds(pts_us=us(a), watermark_us=us(b), start_us=us(a), end_us=us(b), loudness_db=level,
                               peak_db=level, silence=level <= -60, classes=tuple(classes),
                               audio=Ref(topic="audio", partition=0, offset=i)))  # fmt: skip
        return made
