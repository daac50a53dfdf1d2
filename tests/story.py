"""A small invented stream, as records of every noun: a person walks in, speaks after a silence, people clap.

What the stations would have said of it is made up here, so that whoever asks and shows (the API, the page) has
something of everything, at known times, without a model. It is written to a real log and a real store.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid5

import av
import cv2
import numpy as np
import simplejpeg
from confluent_kafka import Producer

from connectors.clickhouse.ddl import Databases, statements
from connectors.clickhouse.rows import Place, column_names, row
from schemas.identity import NAMESPACE, record_id
from schemas.records import (
    Audio,
    Box,
    Clip,
    Detections,
    Emotions,
    Event,
    Evidence,
    Face,
    Faces,
    Frame,
    Fused,
    FusedPerson,
    Highlight,
    PersonEmotion,
    Reason,
    Record,
    Ref,
    Score,
    Sounds,
    Speech,
    StreamNotice,
    TrackedBox,
    Tracks,
    Utterance,
    Word,
)  # fmt: skip
from topics.catalog import BY_NOUN, CATALOG
from topics.connection import Connection
from topics.names import LIVE
from topics.registry import Serde

S = 1_000_000
FPS = 10
WIDTH, HEIGHT = 320, 180
# fmt: off
SAID = [(8.0, "A", "good evening and welcome to the show"), (12.5, "B", "thank you it is a pleasure to be here"),
        (19.0, "A", "let us begin with the first question"), (33.0, "B", "that is what nobody had expected")]
FELT = [(0.0, "neutral", 0.05), (12.0, "happiness", 0.7), (26.0, "surprise", 0.3), (32.0, "sadness", -0.6)]
TOLD = [(5.0, 8.0, 0.62, "A person enters an empty room", "person_entered"),
        (8.0, 11.5, 0.81, "Somebody speaks after 8 s of silence", "speech_after_silence"),
        (24.0, 28.0, 0.93, "Applause and a happy face", "loud_sound")]
# fmt: on


def file_session(stream_id: str) -> str:
    """A session id as a file's content gives it."""
    return str(uuid5(NAMESPACE, stream_id))


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes records to the log and, as the sink would, to the store."""

    connection: Connection
    store: Any
    database: str

    def make_tables(self) -> None:
        databases = Databases(self.database)
        self.store.command(f"CREATE DATABASE IF NOT EXISTS {databases.views}")
        self.store.command(f"CREATE DATABASE IF NOT EXISTS {databases.log}")
        for topic in CATALOG:
            for statement in statements(topic.noun, databases):
                self.store.command(statement)

    def say(self, noun: str, records: Sequence[Record], log: bool = True, store: bool = True) -> list[Ref]:
        """Where the records came to lie. Without `log` they are only stored (at places that do not exist)."""
        if not records:
            return []
        topic = self.connection.names.topic(BY_NOUN[noun])
        places = (
            self._produce(noun, topic, records) if log else [Place(topic, 0, n, 0) for n in range(len(records))]
        )
        if store:
            self.keep(noun, records, places)
        return [Ref(topic=p.topic, partition=p.partition, offset=p.offset) for p in places]

    def keep(self, noun: str, records: Sequence[Record], places: Sequence[Place], run: str = LIVE) -> None:
        """Stores records as rows of a run, as the sink would."""
        rows = [row(noun, run, r, p) for r, p in zip(records, places, strict=True)]
        self.store.insert(noun, rows, column_names=column_names(noun), database=f"{self.database}_log")

    def _produce(self, noun: str, topic: str, records: Sequence[Record]) -> list[Place]:
        producer = Producer(self.connection.producer(linger_ms=5))
        places: dict[int, Place] = {}

        def done(n: int) -> Callable[[Any, Any], None]:
            def note(error: Any, m: Any) -> None:
                assert error is None, error
                places[n] = Place(m.topic(), m.partition(), m.offset(), m.timestamp()[1])

            return note

        with Serde(self.connection) as serde:
            for n, record in enumerate(records):
                producer.produce(topic, serde.encode(record), record.stream_id.encode(), on_delivery=done(n))
                producer.poll(0)
        assert producer.flush(60) == 0
        return [places[n] for n in range(len(records))]


@dataclass(frozen=True, slots=True)
class Story:
    """The stream: how long, with what, and whether it has ended. cut: what the first clip lacks. gone: why the
    second could not be made.
    """

    stream_id: str
    session_id: str
    seconds: int = 40
    picture: bool = True
    sound: bool = True
    ended: bool = True
    captured_us: int = 0
    tracked_s: float = 1e9
    gap_s: tuple[float, float] | None = None
    cut: str = ""
    gone: str = ""

    def tell(self, teller: Teller, objects: Path | None = None) -> list[Highlight]:
        """Writes everything; clips go to `objects`. The highlights come back."""
        frames = teller.say("frames", self.end("frames", self.frames()))
        heard = teller.say("audio", self.end("audio", self.audio()))
        teller.say("detections", self.end("detections", self.detections(frames)))
        teller.say("faces", self.end("faces", self.faces(frames)))
        teller.say("utterances", self.end("utterances", self.utterances(heard)))
        teller.say("tracks", self.end("tracks", self.tracks(frames)))
        teller.say("emotions", self.end("emotions", self.emotions(frames)))
        for noun, records in (("sounds", self.sounds(heard)), ("speech", self.speech()), ("fused", self.fused()),
                              ("events", self.events(frames)), ("streams", self.notices())):  # fmt: skip
            teller.say(noun, self.end(noun, records))
        highlights = self.highlights(frames)
        teller.say("highlights", self.end("highlights", highlights))
        if objects is not None and self.picture:
            teller.say("clips", self.end("clips", [self.clip(h, objects) for h in highlights]))
        return highlights

    def common(self, noun: str, seq: int, pts_us: int) -> dict[str, Any]:
        base = {"stream_id": self.stream_id, "session_id": self.session_id, "seq": seq, "pts_us": pts_us}
        if BY_NOUN[noun].kind == "raw":
            return base
        return base | {
            "id": record_id(noun, self.stream_id, self.session_id, seq),
            "watermark_us": pts_us,
        }

    def end(self, noun: str, records: Sequence[Any]) -> list[Any]:
        """The records and, if the session has ended, its mark."""
        if not self.ended:
            return list(records)
        mark = BY_NOUN[noun].record(**self.common(noun, len(records), self.seconds * S), end=True)
        return [*records, mark]

    def at(self, per_s: float) -> list[int]:
        """Moments of something that comes so often, the gap left out."""
        moments = [round(n / per_s * S) for n in range(int(self.seconds * per_s))]
        if self.gap_s is None:
            return moments
        low, high = (edge * S for edge in self.gap_s)
        return [us for us in moments if not low <= us < high]

    def frames(self) -> list[Frame]:
        if not self.picture:
            return []
        return [
            Frame(**self.common("frames", n, us), captured_us=self.captured_us and self.captured_us + us,
                  width_px=WIDTH, height_px=HEIGHT, image=picture(us))
            for n, us in enumerate(self.at(FPS))
        ]  # fmt: skip

    def audio(self) -> list[Audio]:
        if not self.sound:
            return []
        return [
            Audio(**self.common("audio", n, us), captured_us=self.captured_us and self.captured_us + us,
                  pcm=tone(us))
            for n, us in enumerate(self.at(2))
        ]  # fmt: skip

    def detections(self, frames: Sequence[Ref]) -> list[Detections]:
        return [
            Detections(**self.common("detections", n, us), frame=frames[n], width_px=WIDTH, height_px=HEIGHT,
                       boxes=tuple(Box(label=label, score=0.9, x1_px=b[0], y1_px=b[1], x2_px=b[2], y2_px=b[3])
                                   for _, label, b in people(us)))
            for n, us in enumerate(self.at(FPS)) if self.picture and us < self.tracked_s * S
        ]  # fmt: skip

    def faces(self, frames: Sequence[Ref]) -> list[Faces]:
        return [
            Faces(**self.common("faces", n, us), frame=frames[n], width_px=WIDTH, height_px=HEIGHT,
                  faces=tuple(Face(score=0.9, emotion=felt(us)[0], x1_px=b[0] + 10, y1_px=b[1], x2_px=b[0] + 40,
                                   y2_px=b[1] + 28) for _, label, b in people(us) if label == "person"))
            for n, us in enumerate(self.at(FPS)) if self.picture and us < self.tracked_s * S
        ]  # fmt: skip

    def utterances(self, heard: Sequence[Ref]) -> list[Utterance]:
        """One for each of what is said, out of the audio records under it."""
        moments, found = self.at(2), []
        for n, said in enumerate(self.speech()):
            under = [i for i, us in enumerate(moments) if us + S // 2 > said.start_us and us < said.end_us]
            found.append(
                Utterance(**self.common("utterances", n, said.start_us), start_us=said.start_us,
                          end_us=said.end_us, speech=True, first=heard[under[0]], last=heard[under[-1]])
            )  # fmt: skip
        return found

    def tracks(self, frames: Sequence[Ref]) -> list[Tracks]:
        return [
            Tracks(**self.common("tracks", n, us), frame=frames[n], width_px=WIDTH, height_px=HEIGHT,
                   detections_id=self.id("detections", n),
                   tracks=tuple(tracked(i, label, box) for i, label, box in people(us)))
            for n, us in enumerate(self.at(FPS)) if self.picture and us < self.tracked_s * S
        ]  # fmt: skip

    def emotions(self, frames: Sequence[Ref]) -> list[Emotions]:
        found = []
        for n, us in enumerate(self.at(FPS)):
            if not self.picture or us >= self.tracked_s * S:
                continue
            emotion, valence = felt(us)
            persons = tuple(
                PersonEmotion(track_id=i, emotion=emotion, score=0.8, valence=valence + 0.1 * math.sin(us / S),
                              x1_px=x1, y1_px=y1, x2_px=x2, y2_px=y2)
                for i, label, (x1, y1, x2, y2) in people(us) if label == "person" and i == 1
            )  # fmt: skip
            found.append(Emotions(**self.common("emotions", n, us), frame=frames[n], persons=persons,
                                  faces_id=self.id("faces", n), tracks_id=self.id("tracks", n)))  # fmt: skip
        return found

    def sounds(self, heard: Sequence[Ref]) -> list[Sounds]:
        found = []
        for n, us in enumerate(self.at(2) if self.sound else []):
            speaking, clapping = spoken(us), 24 * S <= us < 28 * S
            db = -22.0 + 4 * math.sin(us / 7e5) if speaking else -9.0 if clapping else -78.0
            classes = ((Score(label="Applause", score=0.9),) if clapping else ()) + (
                (Score(label="Speech", score=0.95),) if speaking else ()
            )
            found.append(
                Sounds(**self.common("sounds", n, us), start_us=us, end_us=us + S // 2, loudness_db=db,
                       peak_db=db + 6, silence=db < -60, silence_since_us=quiet_since(us) if db < -60 else None,
                       classes=classes, audio=heard[n])
            )  # fmt: skip
        return found

    def speech(self) -> list[Speech]:
        found = []
        for n, (start_s, who, text) in enumerate(SAID if self.sound else []):
            start, words = int(start_s * S), text.split()
            said = tuple(
                Word(text=w, start_us=start + i * 350_000, end_us=start + i * 350_000 + 300_000,
                     confidence=0.3 if w == "pleasure" else 0.9)
                for i, w in enumerate(words)
            )  # fmt: skip
            if start < self.seconds * S:
                found.append(
                    Speech(**self.common("speech", n, start), start_us=start, end_us=said[-1].end_us, text=text,
                           words=said, speaker=who, language="en", loudness_db=-21.0,
                           utterance_id=self.id("utterances", n))
                )  # fmt: skip
        return found

    def fused(self) -> list[Fused]:
        return [
            Fused(**self.common("fused", n, us), start_us=us, end_us=us + S, loudness_db=-30.0,
                  evidence=self.evidence(us, us + S),
                  persons=tuple(FusedPerson(track_id=i, x1_px=b[0], y1_px=b[1], x2_px=b[2], y2_px=b[3], frames=10)
                                for i, label, b in people(us) if label == "person" and self.picture))
            for n, us in enumerate(self.at(1)) if us < self.tracked_s * S
        ]  # fmt: skip

    def evidence(self, from_us: int, to_us: int) -> Evidence:
        """Ids of what the stations said of a window."""

        def within(noun: str, per_s: float) -> tuple[str, ...]:
            return tuple(self.id(noun, n) for n, us in enumerate(self.at(per_s)) if from_us <= us < to_us)

        spoken = tuple(s.id for s in self.speech() if s.start_us < to_us and s.end_us > from_us)
        seen = (within("tracks", FPS), within("emotions", FPS)) if self.picture else ((), ())
        return Evidence(
            tracks=seen[0], emotions=seen[1], speech=spoken, sounds=within("sounds", 2) if self.sound else ()
        )

    def windows(self, start_s: float, end_s: float) -> tuple[str, ...]:
        """Ids of the windows of a stretch."""
        return tuple(self.id("fused", n) for n, us in enumerate(self.at(1)) if start_s * S - S < us < end_s * S)

    def id(self, noun: str, seq: int) -> str:
        return record_id(noun, self.stream_id, self.session_id, seq)

    def events(self, frames: Sequence[Ref]) -> list[Event]:
        return [
            Event(**self.common("events", n, int(start * S)), start_us=int(start * S), end_us=int(end * S),
                  text=text, score=score, frame=near(frames, start), fused_ids=self.windows(start, start + 1))
            for n, (start, end, score, text, _) in enumerate(TOLD) if start < min(self.seconds, self.tracked_s)
        ]  # fmt: skip

    def highlights(self, frames: Sequence[Ref]) -> list[Highlight]:
        return [
            Highlight(**self.common("highlights", n, int(end * S)), start_us=int(start * S), end_us=int(end * S),
                      peak_us=int((start + end) / 2 * S), score=score, title=text, frame=near(frames, start + 1),
                      event_ids=(self.id("events", n),), fused_ids=self.windows(start, end),
                      reasons=(Reason(kind=kind, weight=score * 0.7, at_us=int(start * S), text=text.lower()),
                               Reason(kind="crowd", weight=score * 0.3, at_us=int(start * S), text="two persons")))
            for n, (start, end, score, text, kind) in enumerate(TOLD) if start < min(self.seconds, self.tracked_s)
        ]  # fmt: skip

    def notices(self) -> list[StreamNotice]:
        told = [StreamNotice(**self.common("streams", 0, 0), kind="started", text="the stream began")]
        if self.gap_s is not None:
            low, high = (int(edge * S) for edge in self.gap_s)
            text = f"nothing came for {(high - low) / S:g} s"
            told.append(StreamNotice(**self.common("streams", 1, high), kind="gap", text=text, start_us=low,
                                     end_us=high, dropped=12))  # fmt: skip
        if self.ended:
            last = int(self.seconds * S)
            told.append(StreamNotice(**self.common("streams", len(told), last), kind="ended", end_us=last,
                                     text="the stream ended"))  # fmt: skip
        return told

    def clip(self, highlight: Highlight, objects: Path) -> Clip:
        """A playable MP4 of the highlight's stretch, and its poster."""
        about = self.common("clips", highlight.seq, highlight.pts_us) | {
            "start_us": highlight.start_us, "end_us": highlight.end_us, "highlight_id": highlight.id,
        }  # fmt: skip
        if self.gone and highlight.seq == 1:
            return Clip(**about, status="unavailable", reason=self.gone, missing="all of it")
        key = f"clips/{self.stream_id}/{highlight.id}"
        path = objects / f"{key}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        film(path, highlight.start_us, highlight.end_us)
        path.with_suffix(".jpg").write_bytes(picture(highlight.peak_us))
        return Clip(
            **about, key=f"{key}.mp4", poster_key=f"{key}.jpg", bytes=path.stat().st_size,
            sha256=f"{highlight.seq:064x}", missing="" if highlight.seq else self.cut,
        )  # fmt: skip


def many_highlights(story: Story, count: int) -> list[Highlight]:
    """So many highlights, one a second."""
    kinds = ("person_entered", "loud_sound", "strong_emotion", "speech_after_silence")
    return [
        Highlight(**story.common("highlights", n, n * S), start_us=n * S, end_us=n * S + 900_000, peak_us=n * S,
                  score=(n * 37 % 100) / 100, title=f"Moment {n}: {kinds[n % 4].replace('_', ' ')}",
                  reasons=(Reason(kind=kinds[n % 4], weight=0.5, at_us=n * S, text="as the rules have it"),))
        for n in range(count)
    ]  # fmt: skip


def tone(us: int) -> bytes:
    """Half a second of sound at a moment: a tone while somebody speaks, noise while people clap, else silence."""
    t = np.arange(8000) / 16_000
    if 24 * S <= us < 28 * S:
        samples = np.random.default_rng(us).normal(0, 6000, 8000)
    else:
        samples = 8000 * np.sin(2 * np.pi * 220 * t) if spoken(us) else np.zeros(8000)
    pcm: bytes = samples.astype("<i2").tobytes()
    return pcm


def spoken(us: int) -> bool:
    return any(s * S <= us < (s + len(t.split()) * 0.35) * S for s, _, t in SAID)


def quiet_since(us: int) -> int:
    """Begin of the silence at a moment, to half a second."""
    ends = [0, 28 * S, *(math.ceil((s + len(t.split()) * 0.35) * 2) * S // 2 for s, _, t in SAID)]
    return max(end for end in ends if end <= us)


def felt(us: int) -> tuple[str, float]:
    _, emotion, valence = [f for f in FELT if f[0] * S <= us][-1]
    return emotion, valence


def near(frames: Sequence[Ref], at_s: float) -> Ref | None:
    return frames[min(len(frames) - 1, int(at_s * FPS))] if len(frames) > 1 else None  # one: the end mark


def people(us: int) -> list[tuple[int, str, tuple[float, float, float, float]]]:
    """Who is to be seen where: one from 5 s on, another from 15 to 25 s, a dog for two seconds."""
    t, found = us / S, []
    if t >= 5:
        x = 20 + min(t - 5, 4) * 25
        found.append((1, "person", (x, 50.0, x + 50, 170.0)))
    if 15 <= t < 25:
        found.append((2, "person", (220 + 5 * math.sin(t), 60.0, 265 + 5 * math.sin(t), 172.0)))
    if 18 <= t < 20:
        found.append((3, "dog", (170.0, 130.0, 205.0, 172.0)))
    return found


def tracked(number: int, label: str, box: tuple[float, float, float, float]) -> TrackedBox:
    x1, y1, x2, y2 = box
    return TrackedBox(track_id=number, label=label, score=0.9, x1_px=x1, y1_px=y1, x2_px=x2, y2_px=y2)


def image(us: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The frame at a moment: a room, figures where `people` says, and the time."""
    canvas = np.full((HEIGHT, WIDTH, 3), (92, 84, 76), np.uint8)
    cv2.rectangle(canvas, (0, 140), (WIDTH, HEIGHT), (60, 66, 74), -1)
    cv2.rectangle(canvas, (200, 20), (300, 90), (170, 150, 120), -1)
    for number, label, (x1, y1, x2, y2) in people(us):
        colour = [(70, 90, 190), (150, 110, 60), (60, 120, 120)][number - 1]
        cv2.rectangle(canvas, (int(x1), int(y1) + 25), (int(x2), int(y2)), colour, -1)
        if label == "person":
            cv2.circle(canvas, (int((x1 + x2) / 2), int(y1) + 14), 14, (150, 180, 220), -1)
    cv2.putText(canvas, f"{us / S:05.1f} s", (6, 174), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (230, 230, 230), 1)
    return canvas


def picture(us: int) -> bytes:
    jpeg: bytes = simplejpeg.encode_jpeg(image(us), 85, "BGR", "420")
    return jpeg


def film(path: Path, start_us: int, end_us: int) -> None:
    """The stretch as H.264 in MP4, which Chromium plays."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for us in range(start_us, end_us, S // FPS):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image(us), format="bgr24")))
        out.mux(stream.encode())
