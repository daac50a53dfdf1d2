"""Fold from tracks, faces and speech to the emotion of each person whose face is seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from processors.emotions.link import Corners, persons_of, same_places
from processors.emotions.smooth import Scores, blended, held, plain, smoothed
from processors.rules import rules_model
from processors.station import Item
from schemas.records import Emotions, Face, Faces, Model, PersonEmotion, Score, Speech, Tracks

VERSION = "1"
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of the emotions station.

    half_life_s: Seconds of stream time in which the smoothed scores go half the way to what a face shows.
    margin: Another emotion must be stronger by so much before the label changes (0 … 1).
    upper: A face belongs to a person if its middle lies in this upper share of the person's box (0 … 1), and
        half its own height lower: seen close, it fills the box.
    min_iou: A face that belongs to no track is the one that it overlaps by so much, of a moment ago (0 … 1).
    memory_s: For so many seconds of stream time an unseen face is remembered.
    tracks_s: Persons' boxes that are older are of no use, in seconds of stream time.
    voice_weight: How much the voice counts beside the face where one face is seen alone and speech has voice
        emotions (0 … 1).
    """

    half_life_s: float = 0.3
    margin: float = 0.1
    upper: float = 0.4
    min_iou: float = 0.3
    memory_s: float = 2.0
    tracks_s: float = 0.5
    voice_weight: float = 0.3


@dataclass(frozen=True, slots=True)
class Person:
    """A tracked person's box."""

    track_id: int
    box: Corners


@dataclass(frozen=True, slots=True)
class Memory:
    """What a face has shown until it was last seen."""

    track_id: int | None
    box: Corners
    last_us: int
    scores: Scores
    emotion: str


@dataclass(frozen=True, slots=True)
class Voice:
    """What a voice has sounded like, and when."""

    start_us: int
    end_us: int
    scores: Scores


@dataclass(frozen=True, slots=True)
class State:
    """The latest persons and where they were told, the remembered faces, the voices still to come to an end."""

    tracks_id: str = ""
    tracks_us: int = -1
    persons: tuple[Person, ...] = ()
    memories: tuple[Memory, ...] = ()
    voices: tuple[Voice, ...] = ()


class EmotionsStation:
    """One record for each record of faces, said when it comes: whatever tracks and speech have to say about
    that time has come before, by the merge's order.
    """

    state = State

    def __init__(self, config: Config) -> None:
        self._config = config
        self.model: Model = rules_model("emotions", VERSION, config)

    def start(self, stream_id: str, session_id: str) -> State:
        """Nobody yet."""
        del stream_id, session_id
        return State()

    def step(self, state: State, item: Item[Tracks | Faces | Speech]) -> tuple[State, Sequence[Emotions]]:
        """Tracks and speech are remembered, faces are answered."""
        record = item.record
        match record:
            case Tracks():
                if record.status != "ok":
                    return state, ()
                persons = tuple(
                    Person(t.track_id, (t.x1_px, t.y1_px, t.x2_px, t.y2_px))
                    for t in record.tracks
                    if t.label == PERSON
                )
                return replace(state, tracks_id=record.id, tracks_us=record.pts_us, persons=persons), ()
            case Speech():
                if record.status != "ok" or not record.emotions:
                    return state, ()
                scores = plain([(s.label, s.score) for s in record.emotions])
                voice = Voice(record.start_us, record.end_us, scores)
                return replace(state, voices=(*state.voices, voice)), ()
            case Faces():
                return self._answer(state, record)

    def finish(self, state: State, pts_us: int) -> Sequence[Emotions]:
        """Nothing: every record of faces has its answer."""
        del state, pts_us
        return ()

    def _answer(self, state: State, record: Faces) -> tuple[State, Sequence[Emotions]]:
        now_us = record.pts_us
        said = Emotions(pts_us=now_us, watermark_us=now_us, frame=record.frame, faces_id=record.id)
        if record.status != "ok":
            return state, [replace(said, status=record.status, reason=record.reason)]
        config = self._config
        fresh = state.tracks_us >= 0 and now_us - state.tracks_us <= config.tracks_s * 1e6
        persons = state.persons if fresh else ()
        boxes: list[Corners] = [(f.x1_px, f.y1_px, f.x2_px, f.y2_px) for f in record.faces]
        whose = persons_of(boxes, [p.box for p in persons], config.upper)
        ids = [None if i is None else persons[i].track_id for i in whose]

        alive = [m for m in state.memories if now_us - m.last_us <= config.memory_s * 1e6]
        before = _remembered(boxes, ids, alive, config.min_iou)
        voices = tuple(v for v in state.voices if v.end_us > now_us)
        voice = next((v for v in voices if v.start_us <= now_us), None) if len(boxes) == 1 else None

        memories: list[Memory] = []
        told: list[PersonEmotion] = []
        for face, box, track_id, index in zip(record.faces, boxes, ids, before, strict=True):
            earlier = None if index is None else alive[index]
            memory = self._felt(face, box, track_id, earlier, voice, now_us)
            memories.append(memory)
            told.append(_told(face, memory))
        unseen = [m for i, m in enumerate(alive) if i not in set(before)]
        after = replace(state, memories=(*memories, *unseen), voices=voices)
        return after, [replace(said, tracks_id=state.tracks_id if fresh else "", persons=tuple(told))]

    def _felt(
        self, face: Face, box: Corners, track_id: int | None,
        earlier: Memory | None, voice: Voice | None, now_us: int,
    ) -> Memory:  # fmt: skip
        """What is known of a face now. One that shows nothing readable keeps what it showed before."""
        shown = plain([(s.label, s.score) for s in face.expressions])
        if shown and voice is not None:
            shown = blended(shown, dict(voice.scores), self._config.voice_weight)
        if earlier is None:
            scores, current = shown, ""
        elif shown:
            half_life_us = round(self._config.half_life_s * 1e6)
            scores = smoothed(earlier.scores, shown, now_us - earlier.last_us, half_life_us)
            current = earlier.emotion
        else:
            scores, current = earlier.scores, earlier.emotion
        emotion, _ = held(current, scores, self._config.margin)
        return Memory(track_id, box, now_us, scores, emotion)


def _told(face: Face, memory: Memory) -> PersonEmotion:
    return PersonEmotion(
        track_id=memory.track_id, emotion=memory.emotion, score=dict(memory.scores).get(memory.emotion, 0.0),
        expressions=tuple(Score(label=label, score=score) for label, score in memory.scores),
        valence=face.valence, arousal=face.arousal,
        x1_px=face.x1_px, y1_px=face.y1_px, x2_px=face.x2_px, y2_px=face.y2_px,
    )  # fmt: skip


def _remembered(
    boxes: Sequence[Corners], ids: Sequence[int | None], memories: Sequence[Memory], min_iou: float
) -> list[int | None]:
    """For each face the index of what is remembered of it: by its track, else by its place. A face of another
    track at the same place is another face.
    """
    by_track = {m.track_id: i for i, m in enumerate(memories) if m.track_id is not None}
    found: list[int | None] = [None if t is None else by_track.get(t) for t in ids]
    taken = {i for i in found if i is not None}
    open_faces = [i for i, index in enumerate(found) if index is None]
    for tracked in (True, False):
        faces = [i for i in open_faces if (ids[i] is not None) == tracked and found[i] is None]
        free = [i for i, m in enumerate(memories) if i not in taken and not (tracked and m.track_id is not None)]
        places = same_places([boxes[i] for i in faces], [memories[i].box for i in free], min_iou)
        for face, place in zip(faces, places, strict=True):
            if place is not None:
                found[face] = free[place]
                taken.add(free[place])
    return found
