"""Records of the log, made from the `.avsc` files by `python -m schemas.generate`; never edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """A stretch of sound of a stream: 16 kHz, mono, signed 16 bit, little endian.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    captured_us: Wall clock at capture in microseconds since 1970; 0 where unknown.
    rate_hz: Samples per second.
    pcm: Samples, two bytes each.
    dropped: How many records a live source dropped just before this one because the log could not keep up.
    """

    stream_id: str
    session_id: str
    seq: int
    pts_us: int
    end: bool = False
    captured_us: int = 0
    rate_hz: int = 16000
    pcm: bytes = b""
    dropped: int = 0

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "captured_us": self.captured_us,
            "rate_hz": self.rate_hz,
            "pcm": self.pcm,
            "dropped": self.dropped,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            captured_us=plain["captured_us"],
            rate_hz=plain["rate_hz"],
            pcm=plain["pcm"],
            dropped=plain["dropped"],
        )


Status = Literal["ok", "gated", "unavailable", "rejected"]
# ok: computed; gated: not worth computing; unavailable: the model was out of reach; rejected: the input could not be used.


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What computed a record.

    name: Name of the model or rule set.
    version: Its version.
    sha256: SHA-256 of its weights, empty where it has none.
    """

    name: str = ""
    version: str = ""
    sha256: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "name": self.name,
            "version": self.version,
            "sha256": self.sha256,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            name=plain["name"],
            version=plain["version"],
            sha256=plain["sha256"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A highlight's piece of the source, remuxed, in the object store.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    start_us: First stream time spoken of, in microseconds.
    end_us: First stream time no longer spoken of, in microseconds.
    highlight_id: Highlight.
    key: Object's key in the store.
    poster_key: Key of the poster JPEG, empty where there is none.
    bytes: Size of the object.
    sha256: Of the object.
    first_seq: seq of the first packets record used.
    last_seq: seq of the last packets record used.
    media_start_us: Stream time of the object's first picture, or of its first sound where it has no picture: the last key frame at or before start_us where the log holds one.
    media_end_us: Stream time where the object's last picture or sound ends.
    missing: What of start_us to end_us is not in the object, and why; empty where all of it is.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    start_us: int = 0
    end_us: int = 0
    highlight_id: str = ""
    key: str = ""
    poster_key: str = ""
    bytes: int = 0
    sha256: str = ""
    first_seq: int = 0
    last_seq: int = 0
    media_start_us: int = 0
    media_end_us: int = 0
    missing: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "start_us": self.start_us,
            "end_us": self.end_us,
            "highlight_id": self.highlight_id,
            "key": self.key,
            "poster_key": self.poster_key,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "media_start_us": self.media_start_us,
            "media_end_us": self.media_end_us,
            "missing": self.missing,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            highlight_id=plain["highlight_id"],
            key=plain["key"],
            poster_key=plain["poster_key"],
            bytes=plain["bytes"],
            sha256=plain["sha256"],
            first_seq=plain["first_seq"],
            last_seq=plain["last_seq"],
            media_start_us=plain["media_start_us"],
            media_end_us=plain["media_end_us"],
            missing=plain["missing"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Where a raw record lies in the log; stands still for ever.

    topic: Topic name.
    partition: Partition.
    offset: Offset.
    """

    topic: str
    partition: int
    offset: int

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            topic=plain["topic"],
            partition=plain["partition"],
            offset=plain["offset"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Keypoint:
    """A point in the picture.

    x_px: Pixels from the left of the source frame.
    y_px: Pixels from the top.
    score: 0 … 1.
    """

    x_px: float
    y_px: float
    score: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "x_px": self.x_px,
            "y_px": self.y_px,
            "score": self.score,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            x_px=plain["x_px"],
            y_px=plain["y_px"],
            score=plain["score"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A detected object.

    label: Class name.
    score: 0 … 1.
    x1_px: Left edge in pixels of the source frame.
    y1_px: Top edge.
    x2_px: Right edge.
    y2_px: Bottom edge.
    keypoints: Body points where the model gives them.
    """

    label: str
    score: float
    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float
    keypoints: tuple[Keypoint, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "label": self.label,
            "score": self.score,
            "x1_px": self.x1_px,
            "y1_px": self.y1_px,
            "x2_px": self.x2_px,
            "y2_px": self.y2_px,
            "keypoints": [x.as_dict() for x in self.keypoints],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            label=plain["label"],
            score=plain["score"],
            x1_px=plain["x1_px"],
            y1_px=plain["y1_px"],
            x2_px=plain["x2_px"],
            y2_px=plain["y2_px"],
            keypoints=tuple(Keypoint.from_dict(x) for x in plain["keypoints"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Detections:
    """Objects in one frame; frames without any have a record too.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    frame: The frame.
    width_px: Width of the source frame in pixels.
    height_px: Height of the source frame in pixels.
    boxes: Objects, best score first.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    frame: Ref | None = None
    width_px: int = 0
    height_px: int = 0
    boxes: tuple[Box, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "frame": None if self.frame is None else self.frame.as_dict(),
            "width_px": self.width_px,
            "height_px": self.height_px,
            "boxes": [x.as_dict() for x in self.boxes],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            frame=None if plain["frame"] is None else Ref.from_dict(plain["frame"]),
            width_px=plain["width_px"],
            height_px=plain["height_px"],
            boxes=tuple(Box.from_dict(x) for x in plain["boxes"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A label and how sure the model is of it.

    label: Label.
    score: 0 … 1.
    """

    label: str
    score: float

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "label": self.label,
            "score": self.score,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            label=plain["label"],
            score=plain["score"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEmotion:
    """A person's emotion in one frame.

    track_id: Person's track, null where the face belongs to none.
    emotion: Strongest, smoothed over time; empty where no face was seen.
    score: 0 … 1.
    expressions: Smoothed scores.
    valence: -1 … 1.
    arousal: -1 … 1.
    x1_px: Left edge in pixels of the source frame.
    y1_px: Top edge.
    x2_px: Right edge.
    y2_px: Bottom edge.
    """

    track_id: int | None = None
    emotion: str = ""
    score: float = 0.0
    expressions: tuple[Score, ...] = ()
    valence: float | None = None
    arousal: float | None = None
    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "track_id": self.track_id,
            "emotion": self.emotion,
            "score": self.score,
            "expressions": [x.as_dict() for x in self.expressions],
            "valence": self.valence,
            "arousal": self.arousal,
            "x1_px": self.x1_px,
            "y1_px": self.y1_px,
            "x2_px": self.x2_px,
            "y2_px": self.y2_px,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            track_id=plain["track_id"],
            emotion=plain["emotion"],
            score=plain["score"],
            expressions=tuple(Score.from_dict(x) for x in plain["expressions"]),
            valence=plain["valence"],
            arousal=plain["arousal"],
            x1_px=plain["x1_px"],
            y1_px=plain["y1_px"],
            x2_px=plain["x2_px"],
            y2_px=plain["y2_px"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Emotions:
    """Emotion per person in one frame.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    frame: The frame.
    faces_id: Record of the faces.
    tracks_id: Record of the tracks.
    persons: Persons with a face.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    frame: Ref | None = None
    faces_id: str = ""
    tracks_id: str = ""
    persons: tuple[PersonEmotion, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "frame": None if self.frame is None else self.frame.as_dict(),
            "faces_id": self.faces_id,
            "tracks_id": self.tracks_id,
            "persons": [x.as_dict() for x in self.persons],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            frame=None if plain["frame"] is None else Ref.from_dict(plain["frame"]),
            faces_id=plain["faces_id"],
            tracks_id=plain["tracks_id"],
            persons=tuple(PersonEmotion.from_dict(x) for x in plain["persons"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A rule that held.

    kind: Name of the rule.
    score: 0 … 1.
    at_us: Stream time.
    text: In words.
    """

    kind: str
    score: float
    at_us: int
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "kind": self.kind,
            "score": self.score,
            "at_us": self.at_us,
            "text": self.text,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            kind=plain["kind"],
            score=plain["score"],
            at_us=plain["at_us"],
            text=plain["text"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A statement about one window; gated where there was nothing to say.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    start_us: First stream time spoken of, in microseconds.
    end_us: First stream time no longer spoken of, in microseconds.
    text: What happened, in a sentence.
    score: How notable, 0 … 1.
    hits: Rules that held.
    prompt: Prompt given to the model, empty for rules.
    fused_ids: Windows it speaks of.
    frame: A frame that shows it.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    start_us: int = 0
    end_us: int = 0
    text: str = ""
    score: float = 0.0
    hits: tuple[Hit, ...] = ()
    prompt: str = ""
    fused_ids: tuple[str, ...] = ()
    frame: Ref | None = None

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "start_us": self.start_us,
            "end_us": self.end_us,
            "text": self.text,
            "score": self.score,
            "hits": [x.as_dict() for x in self.hits],
            "prompt": self.prompt,
            "fused_ids": self.fused_ids,
            "frame": None if self.frame is None else self.frame.as_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            text=plain["text"],
            score=plain["score"],
            hits=tuple(Hit.from_dict(x) for x in plain["hits"]),
            prompt=plain["prompt"],
            fused_ids=tuple(plain["fused_ids"]),
            frame=None if plain["frame"] is None else Ref.from_dict(plain["frame"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A face and what it shows.

    score: 0 … 1, of there being a face.
    x1_px: Left edge in pixels of the source frame.
    y1_px: Top edge.
    x2_px: Right edge.
    y2_px: Bottom edge.
    landmarks: Eyes, nose, mouth corners as the model orders them.
    emotion: Strongest expression; empty where none was computed.
    expressions: Expression scores, summing to 1.
    action_units: Facial action units.
    valence: -1 unpleasant … 1 pleasant.
    arousal: -1 calm … 1 excited.
    """

    score: float
    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float
    landmarks: tuple[Keypoint, ...] = ()
    emotion: str = ""
    expressions: tuple[Score, ...] = ()
    action_units: tuple[Score, ...] = ()
    valence: float | None = None
    arousal: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "score": self.score,
            "x1_px": self.x1_px,
            "y1_px": self.y1_px,
            "x2_px": self.x2_px,
            "y2_px": self.y2_px,
            "landmarks": [x.as_dict() for x in self.landmarks],
            "emotion": self.emotion,
            "expressions": [x.as_dict() for x in self.expressions],
            "action_units": [x.as_dict() for x in self.action_units],
            "valence": self.valence,
            "arousal": self.arousal,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            score=plain["score"],
            x1_px=plain["x1_px"],
            y1_px=plain["y1_px"],
            x2_px=plain["x2_px"],
            y2_px=plain["y2_px"],
            landmarks=tuple(Keypoint.from_dict(x) for x in plain["landmarks"]),
            emotion=plain["emotion"],
            expressions=tuple(Score.from_dict(x) for x in plain["expressions"]),
            action_units=tuple(Score.from_dict(x) for x in plain["action_units"]),
            valence=plain["valence"],
            arousal=plain["arousal"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Faces in one frame; frames without any have a record too.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    frame: The frame.
    width_px: Width of the source frame in pixels.
    height_px: Height of the source frame in pixels.
    faces: Faces, largest first.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    frame: Ref | None = None
    width_px: int = 0
    height_px: int = 0
    faces: tuple[Face, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "frame": None if self.frame is None else self.frame.as_dict(),
            "width_px": self.width_px,
            "height_px": self.height_px,
            "faces": [x.as_dict() for x in self.faces],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            frame=None if plain["frame"] is None else Ref.from_dict(plain["frame"]),
            width_px=plain["width_px"],
            height_px=plain["height_px"],
            faces=tuple(Face.from_dict(x) for x in plain["faces"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One sampled picture of a stream.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    captured_us: Wall clock at capture in microseconds since 1970; 0 where unknown.
    width_px: Width of the source frame in pixels.
    height_px: Height of the source frame in pixels.
    image: JPEG, 4:2:0.
    dropped: How many records a live source dropped just before this one because the log could not keep up.
    """

    stream_id: str
    session_id: str
    seq: int
    pts_us: int
    end: bool = False
    captured_us: int = 0
    width_px: int = 0
    height_px: int = 0
    image: bytes = b""
    dropped: int = 0

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "captured_us": self.captured_us,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "image": self.image,
            "dropped": self.dropped,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            captured_us=plain["captured_us"],
            width_px=plain["width_px"],
            height_px=plain["height_px"],
            image=plain["image"],
            dropped=plain["dropped"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FusedPerson:
    """A person over one window.

    track_id: Track.
    x1_px: Left edge in pixels of the source frame.
    y1_px: Top edge.
    x2_px: Right edge.
    y2_px: Bottom edge.
    frames: Frames of the window in which it was seen.
    emotion: Prevailing emotion, empty where unknown.
    emotion_score: 0 … 1.
    valence: -1 … 1.
    """

    track_id: int
    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float
    frames: int = 0
    emotion: str = ""
    emotion_score: float = 0.0
    valence: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "track_id": self.track_id,
            "x1_px": self.x1_px,
            "y1_px": self.y1_px,
            "x2_px": self.x2_px,
            "y2_px": self.y2_px,
            "frames": self.frames,
            "emotion": self.emotion,
            "emotion_score": self.emotion_score,
            "valence": self.valence,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            track_id=plain["track_id"],
            x1_px=plain["x1_px"],
            y1_px=plain["y1_px"],
            x2_px=plain["x2_px"],
            y2_px=plain["y2_px"],
            frames=plain["frames"],
            emotion=plain["emotion"],
            emotion_score=plain["emotion_score"],
            valence=plain["valence"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of a kind.

    label: Class name.
    count: Most seen at once in the window.
    """

    label: str
    count: int

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "label": self.label,
            "count": self.count,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            label=plain["label"],
            count=plain["count"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A spoken word.

    text: The word.
    start_us: Stream time of its begin.
    end_us: Stream time of its end.
    confidence: 0 … 1.
    """

    text: str
    start_us: int
    end_us: int
    confidence: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "text": self.text,
            "start_us": self.start_us,
            "end_us": self.end_us,
            "confidence": self.confidence,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            text=plain["text"],
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            confidence=plain["confidence"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Which records a statement stands on.

    first_frame: First raw frame.
    last_frame: Last raw frame.
    first_audio: First raw audio record.
    last_audio: Last raw audio record.
    tracks: Ids.
    emotions: Ids.
    speech: Ids.
    sounds: Ids.
    """

    first_frame: Ref | None = None
    last_frame: Ref | None = None
    first_audio: Ref | None = None
    last_audio: Ref | None = None
    tracks: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()
    speech: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "first_frame": None if self.first_frame is None else self.first_frame.as_dict(),
            "last_frame": None if self.last_frame is None else self.last_frame.as_dict(),
            "first_audio": None if self.first_audio is None else self.first_audio.as_dict(),
            "last_audio": None if self.last_audio is None else self.last_audio.as_dict(),
            "tracks": self.tracks,
            "emotions": self.emotions,
            "speech": self.speech,
            "sounds": self.sounds,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            first_frame=None if plain["first_frame"] is None else Ref.from_dict(plain["first_frame"]),
            last_frame=None if plain["last_frame"] is None else Ref.from_dict(plain["last_frame"]),
            first_audio=None if plain["first_audio"] is None else Ref.from_dict(plain["first_audio"]),
            last_audio=None if plain["last_audio"] is None else Ref.from_dict(plain["last_audio"]),
            tracks=tuple(plain["tracks"]),
            emotions=tuple(plain["emotions"]),
            speech=tuple(plain["speech"]),
            sounds=tuple(plain["sounds"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """One window of stream time over all modalities.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    start_us: First stream time spoken of, in microseconds.
    end_us: First stream time no longer spoken of, in microseconds.
    persons: Persons seen.
    objects: Other objects seen.
    persons_max: Most persons at once, by tracks or by faces that stay for half of the window.
    entered: Tracks of persons that came in.
    left: Tracks of persons that went.
    text: Words that begin in the window.
    words: The same with times.
    speaking: Somebody speaks in the window.
    emotion: Strongest emotion of any face.
    emotion_score: 0 … 1.
    valence: Mean over persons.
    loudness_db: Loudest stretch of the window, dB of full scale.
    silence: Heard to be silent throughout.
    sounds: Best score of each sound class.
    missing: Modalities (tracks, emotions, speech, sounds) that gave no answer for the window.
    evidence: What it stands on.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    start_us: int = 0
    end_us: int = 0
    persons: tuple[FusedPerson, ...] = ()
    objects: tuple[Count, ...] = ()
    persons_max: int = 0
    entered: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    text: str = ""
    words: tuple[Word, ...] = ()
    speaking: bool = False
    emotion: str = ""
    emotion_score: float = 0.0
    valence: float | None = None
    loudness_db: float = -100.0
    silence: bool = False
    sounds: tuple[Score, ...] = ()
    missing: tuple[str, ...] = ()
    evidence: Evidence | None = None

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "start_us": self.start_us,
            "end_us": self.end_us,
            "persons": [x.as_dict() for x in self.persons],
            "objects": [x.as_dict() for x in self.objects],
            "persons_max": self.persons_max,
            "entered": self.entered,
            "left": self.left,
            "text": self.text,
            "words": [x.as_dict() for x in self.words],
            "speaking": self.speaking,
            "emotion": self.emotion,
            "emotion_score": self.emotion_score,
            "valence": self.valence,
            "loudness_db": self.loudness_db,
            "silence": self.silence,
            "sounds": [x.as_dict() for x in self.sounds],
            "missing": self.missing,
            "evidence": None if self.evidence is None else self.evidence.as_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            persons=tuple(FusedPerson.from_dict(x) for x in plain["persons"]),
            objects=tuple(Count.from_dict(x) for x in plain["objects"]),
            persons_max=plain["persons_max"],
            entered=tuple(plain["entered"]),
            left=tuple(plain["left"]),
            text=plain["text"],
            words=tuple(Word.from_dict(x) for x in plain["words"]),
            speaking=plain["speaking"],
            emotion=plain["emotion"],
            emotion_score=plain["emotion_score"],
            valence=plain["valence"],
            loudness_db=plain["loudness_db"],
            silence=plain["silence"],
            sounds=tuple(Score.from_dict(x) for x in plain["sounds"]),
            missing=tuple(plain["missing"]),
            evidence=None if plain["evidence"] is None else Evidence.from_dict(plain["evidence"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a moment was chosen.

    kind: person_entered, speech_after_silence, …
    weight: Its share of the score.
    at_us: Stream time.
    text: In words.
    """

    kind: str
    weight: float
    at_us: int
    text: str

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "kind": self.kind,
            "weight": self.weight,
            "at_us": self.at_us,
            "text": self.text,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            kind=plain["kind"],
            weight=plain["weight"],
            at_us=plain["at_us"],
            text=plain["text"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A moment worth seeing.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    start_us: First stream time spoken of, in microseconds.
    end_us: First stream time no longer spoken of, in microseconds.
    peak_us: Stream time of the best window.
    score: 0 … 1.
    title: What happened.
    reasons: Why, heaviest first.
    fused_ids: Windows it covers.
    event_ids: Events it stands on.
    frame: Frame of the poster.
    first_frame: First raw frame.
    last_frame: Last raw frame.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    start_us: int = 0
    end_us: int = 0
    peak_us: int = 0
    score: float = 0.0
    title: str = ""
    reasons: tuple[Reason, ...] = ()
    fused_ids: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    frame: Ref | None = None
    first_frame: Ref | None = None
    last_frame: Ref | None = None

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "start_us": self.start_us,
            "end_us": self.end_us,
            "peak_us": self.peak_us,
            "score": self.score,
            "title": self.title,
            "reasons": [x.as_dict() for x in self.reasons],
            "fused_ids": self.fused_ids,
            "event_ids": self.event_ids,
            "frame": None if self.frame is None else self.frame.as_dict(),
            "first_frame": None if self.first_frame is None else self.first_frame.as_dict(),
            "last_frame": None if self.last_frame is None else self.last_frame.as_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            peak_us=plain["peak_us"],
            score=plain["score"],
            title=plain["title"],
            reasons=tuple(Reason.from_dict(x) for x in plain["reasons"]),
            fused_ids=tuple(plain["fused_ids"]),
            event_ids=tuple(plain["event_ids"]),
            frame=None if plain["frame"] is None else Ref.from_dict(plain["frame"]),
            first_frame=None if plain["first_frame"] is None else Ref.from_dict(plain["first_frame"]),
            last_frame=None if plain["last_frame"] is None else Ref.from_dict(plain["last_frame"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedTrack:
    """Codec parameters of one media track, enough to remux it.

    index: Number that packets refer to.
    kind: video or audio.
    codec: FFmpeg's name of the codec.
    extradata: Codec header.
    time_base_num: Time base, numerator.
    time_base_den: Time base, denominator.
    width_px: Coded width.
    height_px: Coded height.
    rate_hz: Audio samples per second.
    channels: Audio channels.
    layout: FFmpeg's name of the channel layout.
    rotation_deg: Clockwise rotation for display.
    """

    index: int
    kind: str
    codec: str
    extradata: bytes = b""
    time_base_num: int
    time_base_den: int
    width_px: int = 0
    height_px: int = 0
    rate_hz: int = 0
    channels: int = 0
    layout: str = ""
    rotation_deg: int = 0

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "index": self.index,
            "kind": self.kind,
            "codec": self.codec,
            "extradata": self.extradata,
            "time_base_num": self.time_base_num,
            "time_base_den": self.time_base_den,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "rate_hz": self.rate_hz,
            "channels": self.channels,
            "layout": self.layout,
            "rotation_deg": self.rotation_deg,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            index=plain["index"],
            kind=plain["kind"],
            codec=plain["codec"],
            extradata=plain["extradata"],
            time_base_num=plain["time_base_num"],
            time_base_den=plain["time_base_den"],
            width_px=plain["width_px"],
            height_px=plain["height_px"],
            rate_hz=plain["rate_hz"],
            channels=plain["channels"],
            layout=plain["layout"],
            rotation_deg=plain["rotation_deg"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One coded packet as it came from the source.

    track: Index of its track.
    pts: Presentation time in the track's time base.
    dts: Decoding time in the track's time base.
    duration: Duration in the track's time base.
    key: Decoding can start here.
    data: Coded bytes.
    """

    track: int
    pts: int | None = None
    dts: int | None = None
    duration: int = 0
    key: bool = False
    data: bytes

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "track": self.track,
            "pts": self.pts,
            "dts": self.dts,
            "duration": self.duration,
            "key": self.key,
            "data": self.data,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            track=plain["track"],
            pts=plain["pts"],
            dts=plain["dts"],
            duration=plain["duration"],
            key=plain["key"],
            data=plain["data"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Packets:
    """The source's own coded packets, one second or 900 KB at most; begins at a key frame where there is one.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    captured_us: Wall clock at capture in microseconds since 1970; 0 where unknown.
    epoch_us: Media time of the session's epoch: pts_us = media time - epoch_us.
    tracks: Tracks of the packets.
    packets: Packets in the source's order.
    dropped: How many records a live source dropped just before this one because the log could not keep up.
    """

    stream_id: str
    session_id: str
    seq: int
    pts_us: int
    end: bool = False
    captured_us: int = 0
    epoch_us: int = 0
    tracks: tuple[CodedTrack, ...] = ()
    packets: tuple[Packet, ...] = ()
    dropped: int = 0

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "captured_us": self.captured_us,
            "epoch_us": self.epoch_us,
            "tracks": [x.as_dict() for x in self.tracks],
            "packets": [x.as_dict() for x in self.packets],
            "dropped": self.dropped,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            captured_us=plain["captured_us"],
            epoch_us=plain["epoch_us"],
            tracks=tuple(CodedTrack.from_dict(x) for x in plain["tracks"]),
            packets=tuple(Packet.from_dict(x) for x in plain["packets"]),
            dropped=plain["dropped"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """What is heard in one stretch of audio.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    start_us: First stream time spoken of, in microseconds.
    end_us: First stream time no longer spoken of, in microseconds.
    loudness_db: RMS level in dB of full scale, not below -100.
    peak_db: Peak level in dB of full scale, not below -100.
    silence: Below the silence threshold.
    silence_since_us: Begin of the silence that goes on.
    classes: Sound classes, best first.
    audio: The audio record.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    start_us: int = 0
    end_us: int = 0
    loudness_db: float = -100.0
    peak_db: float = -100.0
    silence: bool = False
    silence_since_us: int | None = None
    classes: tuple[Score, ...] = ()
    audio: Ref | None = None

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "start_us": self.start_us,
            "end_us": self.end_us,
            "loudness_db": self.loudness_db,
            "peak_db": self.peak_db,
            "silence": self.silence,
            "silence_since_us": self.silence_since_us,
            "classes": [x.as_dict() for x in self.classes],
            "audio": None if self.audio is None else self.audio.as_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            loudness_db=plain["loudness_db"],
            peak_db=plain["peak_db"],
            silence=plain["silence"],
            silence_since_us=plain["silence_since_us"],
            classes=tuple(Score.from_dict(x) for x in plain["classes"]),
            audio=None if plain["audio"] is None else Ref.from_dict(plain["audio"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """The words of one utterance, same seq; without words where nobody spoke.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    start_us: First stream time spoken of, in microseconds.
    end_us: First stream time no longer spoken of, in microseconds.
    utterance_id: Record of the utterance.
    text: All words.
    language: ISO 639-1 code, empty where unknown.
    words: Words with times.
    speaker: Speaker label within the session.
    loudness_db: Of the utterance.
    emotion: Strongest emotion of the voice, empty where none was computed.
    emotions: Emotion scores of the voice.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    start_us: int = 0
    end_us: int = 0
    utterance_id: str = ""
    text: str = ""
    language: str = ""
    words: tuple[Word, ...] = ()
    speaker: str = ""
    loudness_db: float | None = None
    emotion: str = ""
    emotions: tuple[Score, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "start_us": self.start_us,
            "end_us": self.end_us,
            "utterance_id": self.utterance_id,
            "text": self.text,
            "language": self.language,
            "words": [x.as_dict() for x in self.words],
            "speaker": self.speaker,
            "loudness_db": self.loudness_db,
            "emotion": self.emotion,
            "emotions": [x.as_dict() for x in self.emotions],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            utterance_id=plain["utterance_id"],
            text=plain["text"],
            language=plain["language"],
            words=tuple(Word.from_dict(x) for x in plain["words"]),
            speaker=plain["speaker"],
            loudness_db=plain["loudness_db"],
            emotion=plain["emotion"],
            emotions=tuple(Score.from_dict(x) for x in plain["emotions"]),
        )


StreamKind = Literal["started", "progress", "gap", "resumed", "ended", "breach"]
# What happened to the stream.


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a raw topic stood at a stream time.

    topic: Topic.
    partition: Partition.
    offset: Offset of the session's first record at or after the stream time.
    seq: Its seq.
    pts_us: Its stream time.
    """

    topic: str
    partition: int
    offset: int
    seq: int
    pts_us: int

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "seq": self.seq,
            "pts_us": self.pts_us,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            topic=plain["topic"],
            partition=plain["partition"],
            offset=plain["offset"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often.

    label: What was counted.
    count: How often since the last notice that counts it.
    """

    label: str
    count: int

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "label": self.label,
            "count": self.count,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            label=plain["label"],
            count=plain["count"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamNotice:
    """What happened to a stream, and where in the log: the index from stream time to offsets.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    kind: What happened.
    text: The same in a sentence.
    start_us: First stream time spoken of, in microseconds.
    end_us: First stream time no longer spoken of, in microseconds.
    positions: Where the raw topics stood.
    dropped: Records that the source dropped in the span.
    width_px: Width of the source frame in pixels.
    height_px: Height of the source frame in pixels.
    media: Raw nouns that it concerns: frames, audio, packets; for started and ended those that came at all.
    breach: Kind of the breach: hole, first_seq, repeat, back, writers, not_jpeg, size, rate, odd, empty, negative, far_ahead, track, unended; empty otherwise.
    received: Records of each raw noun since the last progress; over the whole session for ended.
    breaches: Breaches since the last progress by kind, also those that were not announced one by one; over the whole session for ended.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    kind: StreamKind = "progress"
    text: str = ""
    start_us: int = 0
    end_us: int = 0
    positions: tuple[Position, ...] = ()
    dropped: int = 0
    width_px: int = 0
    height_px: int = 0
    media: tuple[str, ...] = ()
    breach: str = ""
    received: tuple[Tally, ...] = ()
    breaches: tuple[Tally, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "kind": self.kind,
            "text": self.text,
            "start_us": self.start_us,
            "end_us": self.end_us,
            "positions": [x.as_dict() for x in self.positions],
            "dropped": self.dropped,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "media": self.media,
            "breach": self.breach,
            "received": [x.as_dict() for x in self.received],
            "breaches": [x.as_dict() for x in self.breaches],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            kind=plain["kind"],
            text=plain["text"],
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            positions=tuple(Position.from_dict(x) for x in plain["positions"]),
            dropped=plain["dropped"],
            width_px=plain["width_px"],
            height_px=plain["height_px"],
            media=tuple(plain["media"]),
            breach=plain["breach"],
            received=tuple(Tally.from_dict(x) for x in plain["received"]),
            breaches=tuple(Tally.from_dict(x) for x in plain["breaches"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedBox:
    """An object followed over frames.

    track_id: 1, 2 … within the session.
    label: Class name.
    score: 0 … 1.
    x1_px: Left edge in pixels of the source frame.
    y1_px: Top edge.
    x2_px: Right edge.
    y2_px: Bottom edge.
    age: Frames since the track began.
    """

    track_id: int
    label: str
    score: float
    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float
    age: int = 0

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "track_id": self.track_id,
            "label": self.label,
            "score": self.score,
            "x1_px": self.x1_px,
            "y1_px": self.y1_px,
            "x2_px": self.x2_px,
            "y2_px": self.y2_px,
            "age": self.age,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            track_id=plain["track_id"],
            label=plain["label"],
            score=plain["score"],
            x1_px=plain["x1_px"],
            y1_px=plain["y1_px"],
            x2_px=plain["x2_px"],
            y2_px=plain["y2_px"],
            age=plain["age"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """Objects of one frame with identities that hold over frames.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    frame: The frame.
    detections_id: Record of the detections.
    width_px: Width of the source frame in pixels.
    height_px: Height of the source frame in pixels.
    tracks: Objects in view.
    entered: Tracks confirmed at this frame.
    left: Tracks given up at this frame.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    frame: Ref | None = None
    detections_id: str = ""
    width_px: int = 0
    height_px: int = 0
    tracks: tuple[TrackedBox, ...] = ()
    entered: tuple[int, ...] = ()
    left: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "frame": None if self.frame is None else self.frame.as_dict(),
            "detections_id": self.detections_id,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "tracks": [x.as_dict() for x in self.tracks],
            "entered": self.entered,
            "left": self.left,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            frame=None if plain["frame"] is None else Ref.from_dict(plain["frame"]),
            detections_id=plain["detections_id"],
            width_px=plain["width_px"],
            height_px=plain["height_px"],
            tracks=tuple(TrackedBox.from_dict(x) for x in plain["tracks"]),
            entered=tuple(plain["entered"]),
            left=tuple(plain["left"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Speech cut at pauses; while nobody speaks, a record without sound that says so.

    stream_id: Which camera, stream or file this belongs to; also the Kafka key.
    session_id: One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.
    seq: 0, 1, 2 … without holes per topic, run, stream and session.
    pts_us: Stream time in microseconds since the session's epoch, from media timestamps.
    end: True on the last record of a session; it carries nothing else.
    id: uuid5 of station, stream, session and seq.
    watermark_us: This station will say nothing more about stream time before this.
    status: Whether this is an answer, and if not, why not.
    reason: Why the status is not ok; empty otherwise.
    model: What computed this record.
    start_us: First stream time spoken of, in microseconds.
    end_us: First stream time no longer spoken of, in microseconds.
    speech: False: nobody spoke in this span.
    rate_hz: Samples per second.
    pcm: Samples, signed 16 bit, little endian.
    loudness_db: RMS level in dB of full scale.
    peak_db: Peak level in dB of full scale.
    pitch_hz: Median voice pitch.
    speaker: Speaker label within the session, empty where unknown.
    cut: Why it ended: pause, length or end.
    first: First audio record used.
    last: Last audio record used.
    """

    stream_id: str = ""
    session_id: str = ""
    seq: int = 0
    pts_us: int = 0
    end: bool = False
    id: str = ""
    watermark_us: int = 0
    status: Status = "ok"
    reason: str = ""
    model: Model = Model()
    start_us: int = 0
    end_us: int = 0
    speech: bool = False
    rate_hz: int = 16000
    pcm: bytes = b""
    loudness_db: float | None = None
    peak_db: float | None = None
    pitch_hz: float | None = None
    speaker: str = ""
    cut: str = ""
    first: Ref | None = None
    last: Ref | None = None

    def as_dict(self) -> dict[str, Any]:
        """What fastavro writes."""
        return {
            "stream_id": self.stream_id,
            "session_id": self.session_id,
            "seq": self.seq,
            "pts_us": self.pts_us,
            "end": self.end,
            "id": self.id,
            "watermark_us": self.watermark_us,
            "status": self.status,
            "reason": self.reason,
            "model": self.model.as_dict(),
            "start_us": self.start_us,
            "end_us": self.end_us,
            "speech": self.speech,
            "rate_hz": self.rate_hz,
            "pcm": self.pcm,
            "loudness_db": self.loudness_db,
            "peak_db": self.peak_db,
            "pitch_hz": self.pitch_hz,
            "speaker": self.speaker,
            "cut": self.cut,
            "first": None if self.first is None else self.first.as_dict(),
            "last": None if self.last is None else self.last.as_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What fastavro read, as a record."""
        return cls(
            stream_id=plain["stream_id"],
            session_id=plain["session_id"],
            seq=plain["seq"],
            pts_us=plain["pts_us"],
            end=plain["end"],
            id=plain["id"],
            watermark_us=plain["watermark_us"],
            status=plain["status"],
            reason=plain["reason"],
            model=Model.from_dict(plain["model"]),
            start_us=plain["start_us"],
            end_us=plain["end_us"],
            speech=plain["speech"],
            rate_hz=plain["rate_hz"],
            pcm=plain["pcm"],
            loudness_db=plain["loudness_db"],
            peak_db=plain["peak_db"],
            pitch_hz=plain["pitch_hz"],
            speaker=plain["speaker"],
            cut=plain["cut"],
            first=None if plain["first"] is None else Ref.from_dict(plain["first"]),
            last=None if plain["last"] is None else Ref.from_dict(plain["last"]),
        )


Record = (
    Audio
    | Clip
    | Detections
    | Emotions
    | Event
    | Faces
    | Frame
    | Fused
    | Highlight
    | Packets
    | Sounds
    | Speech
    | StreamNotice
    | Tracks
    | Utterance
)
# Any record that has a topic of its own.

BY_NOUN: dict[str, type[Record]] = {
    "audio": Audio,
    "clips": Clip,
    "detections": Detections,
    "emotions": Emotions,
    "events": Event,
    "faces": Faces,
    "frames": Frame,
    "fused": Fused,
    "highlights": Highlight,
    "packets": Packets,
    "sounds": Sounds,
    "speech": Speech,
    "streams": StreamNotice,
    "tracks": Tracks,
    "utterances": Utterance,
}
# Noun (the schema's file name) to class.
