"""One window out of the records that reach into it. Pure functions."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from schemas.records import (
    Count,
    Emotions,
    Evidence,
    Fused,
    FusedPerson,
    PersonEmotion,
    Score,
    Sounds,
    Speech,
    TrackedBox,
    Tracks,
    Word,
)  # fmt: skip

PERSON = "person"
USABLE = ("ok", "gated")


class Tunables(Protocol):
    """What of the station's Config is needed here."""

    @property
    def speaking_s(self) -> float: ...
    @property
    def face_share(self) -> float: ...
    @property
    def sound_score(self) -> float: ...
    @property
    def sounds_max(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Heap:
    """Records that belong to the open window, and utterances that reach into later ones."""

    tracks: tuple[Tracks, ...] = ()
    emotions: tuple[Emotions, ...] = ()
    speech: tuple[Speech, ...] = ()
    sounds: tuple[Sounds, ...] = ()

    def idle(self, start_us: int, longest_us: int) -> bool:
        """Nothing is there for windows from start_us on, save an utterance of unbelievable length."""
        reaching_us = max((reach_us(s) - start_us for s in self.speech), default=0)
        return not (self.tracks or self.emotions or self.sounds) and not 0 < reaching_us <= longest_us

    def after(self, end_us: int) -> "Heap":
        """What is left when the window that ends at end_us is closed."""
        return Heap(speech=tuple(s for s in self.speech if reach_us(s) > end_us))


@dataclass(frozen=True, slots=True)
class Felt:
    """The prevailing emotion of one face over a window."""

    emotion: str
    score: float
    valence: float | None


def reach_us(speech: Speech) -> int:
    """First stream time that an utterance says nothing about."""
    return max(speech.end_us, speech.start_us + 1, *(w.start_us + 1 for w in speech.words), 0)


def prevailing(seen: Sequence[PersonEmotion]) -> Felt | None:
    """The emotion with the largest sum of scores, its mean score where it led, and the mean valence."""
    sums: dict[str, list[float]] = defaultdict(list)
    for p in seen:
        if p.emotion:
            sums[p.emotion].append(p.score)
    valences = [p.valence for p in seen if p.valence is not None]
    valence = sum(valences) / len(valences) if valences else None
    if not sums:
        return None if valence is None else Felt("", 0.0, valence)
    emotion = max(sorted(sums), key=lambda e: sum(sums[e]))
    return Felt(emotion, sum(sums[emotion]) / len(sums[emotion]), valence)


def felt_by_face(emotions: Sequence[Emotions], face_share: float) -> dict[int | None, Felt]:
    """Prevailing emotion by track; faces that belong to no track are taken for one. A face in less than
    `face_share` of the pictures says nothing: what turns up for a moment is often no face.
    """
    faces: dict[int | None, list[PersonEmotion]] = defaultdict(list)
    for record in emotions:
        for p in record.persons:
            faces[p.track_id].append(p)
    steady = {track: seen for track, seen in faces.items() if len(seen) >= needed_of(len(emotions), face_share)}
    return {track: felt for track, seen in steady.items() if (felt := prevailing(seen)) is not None}


def needed_of(pictures: int, share: float) -> int:
    """How many pictures a share of them is, at least one."""
    return max(ceil(pictures * share), 1)


def persons_of(tracks: Sequence[Tracks], felt: dict[int | None, Felt]) -> tuple[FusedPerson, ...]:
    """Each person track with its latest box, in the order of their ids."""
    latest: dict[int, TrackedBox] = {}
    frames: Counter[int] = Counter()
    for record in tracks:
        for box in record.tracks:
            if box.label == PERSON:
                latest[box.track_id] = box
                frames[box.track_id] += 1
    nobody = Felt("", 0.0, None)
    return tuple(
        FusedPerson(
            track_id=i, x1_px=box.x1_px, y1_px=box.y1_px, x2_px=box.x2_px, y2_px=box.y2_px, frames=frames[i],
            emotion=felt.get(i, nobody).emotion, emotion_score=felt.get(i, nobody).score,
            valence=felt.get(i, nobody).valence,
        )
        for i, box in sorted(latest.items())
    )  # fmt: skip


def objects_of(tracks: Sequence[Tracks]) -> tuple[Count, ...]:
    """The most seen at once of each kind that is no person."""
    most: Counter[str] = Counter()
    for record in tracks:
        for label, n in Counter(b.label for b in record.tracks if b.label != PERSON).items():
            most[label] = max(most[label], n)
    return tuple(Count(label=label, count=n) for label, n in sorted(most.items()))


def persons_at_once(tracks: Sequence[Tracks], emotions: Sequence[Emotions], face_share: float) -> int:
    """Most person tracks in a picture, or most faces that are there in `face_share` of the pictures: close to
    the camera a face fills the picture and no detector of bodies finds anybody.
    """
    by_tracks = max((sum(b.label == PERSON for b in r.tracks) for r in tracks), default=0)
    faces = sorted((len(r.persons) for r in emotions), reverse=True)
    needed = needed_of(len(faces), face_share)
    return max(by_tracks, faces[needed - 1] if len(faces) >= needed else 0)


def speaks(speech: Speech) -> bool:
    """Whether there is a voice in the record's span, understood or not: only utterances have a loudness."""
    return bool(speech.words or speech.text) or speech.loudness_db is not None


def overlap_us(speech: Speech, start_us: int, end_us: int) -> int:
    """How much of a span an utterance covers."""
    return min(speech.end_us, end_us) - max(speech.start_us, start_us)


def words_of(speech: Sequence[Speech], start_us: int, end_us: int, *, last: bool) -> tuple[Word, ...]:
    """Words that begin in the window; the session's last window takes those that lie beyond, too."""
    # A recogniser may put a word a little before the utterance: its window may be closed already.
    begins = [(max(w.start_us, s.pts_us), w) for s in speech for w in s.words]
    inside = [(at, w) for at, w in begins if start_us <= at and (last or at < end_us)]
    return tuple(w for _, w in sorted(inside, key=lambda x: (x[0], x[1].end_us)))


def best_sounds(sounds: Sequence[Sounds], least: float, most: int) -> tuple[Score, ...]:
    """Best score of each sound class, best first."""
    best: dict[str, float] = {}
    for record in sounds:
        for c in record.classes:
            if c.score >= least:
                best[c.label] = max(best.get(c.label, 0.0), c.score)
    ranked = sorted(best.items(), key=lambda x: (-x[1], x[0]))
    return tuple(Score(label=label, score=score) for label, score in ranked[:most])


def evidence_of(heap: Heap) -> Evidence:
    """Which records the window stands on."""
    frames = [r.frame for r in (*heap.tracks,) if r.frame] or [r.frame for r in heap.emotions if r.frame]
    audio = [r.audio for r in heap.sounds if r.audio]
    return Evidence(
        first_frame=frames[0] if frames else None, last_frame=frames[-1] if frames else None,
        first_audio=audio[0] if audio else None, last_audio=audio[-1] if audio else None,
        tracks=tuple(r.id for r in heap.tracks), emotions=tuple(r.id for r in heap.emotions),
        speech=tuple(r.id for r in heap.speech), sounds=tuple(r.id for r in heap.sounds),
    )  # fmt: skip


def fuse(
    heap: Heap, start_us: int, end_us: int, known: tuple[int, ...], config: Tunables, *, last: bool
) -> tuple[Fused, tuple[int, ...]]:
    """The window's record and the person tracks that are in view after it; `known` are those before it."""
    reaching = tuple(s for s in heap.speech if s.start_us < end_us)
    heap = Heap(heap.tracks, heap.emotions, reaching, heap.sounds)
    tracks = [r for r in heap.tracks if r.status in USABLE]
    emotions = [r for r in heap.emotions if r.status in USABLE]
    speech = [r for r in heap.speech if r.status in USABLE]
    sounds = [r for r in heap.sounds if r.status in USABLE]
    felt = felt_by_face(emotions, config.face_share)
    strongest = max(felt.values(), key=lambda f: (f.score, f.emotion), default=Felt("", 0.0, None))
    valences = [f.valence for f in felt.values() if f.valence is not None]
    persons = persons_of(tracks, felt)
    people = {*known, *(p.track_id for p in persons)}
    left = tuple(i for r in tracks for i in r.left if i in people)
    words = words_of(speech, start_us, end_us, last=last)
    answered = {"tracks": tracks, "emotions": emotions, "speech": speech, "sounds": sounds}
    fused = Fused(
        pts_us=start_us, watermark_us=end_us, start_us=start_us, end_us=end_us,
        persons=persons, objects=objects_of(tracks),
        persons_max=persons_at_once(tracks, emotions, config.face_share),
        entered=tuple(i for r in tracks for i in r.entered if i in people), left=left,
        text=" ".join(w.text for w in words), words=words,
        speaking=bool(words)
        or any(speaks(s) and overlap_us(s, start_us, end_us) / 1e6 >= config.speaking_s for s in heap.speech),
        emotion=strongest.emotion, emotion_score=strongest.score,
        valence=sum(valences) / len(valences) if valences else None,
        loudness_db=max((r.loudness_db for r in sounds), default=-100.0),
        silence=bool(sounds) and all(r.silence for r in sounds),
        sounds=best_sounds(sounds, config.sound_score, config.sounds_max),
        missing=tuple(noun for noun, records in answered.items() if not records),
        evidence=evidence_of(heap),
    )  # fmt: skip
    return fused, tuple(sorted(people - set(left)))
