"""Every topic there is. One noun runs through every folder: its schema, topic, station and table share it."""

from schemas.records import (
    Audio,
    Clip,
    Detections,
    Emotions,
    Event,
    Faces,
    Frame,
    Fused,
    Highlight,
    Packets,
    Record,
    Sounds,
    Speech,
    StreamNotice,
    Tracks,
    Utterance,
)  # fmt: skip
from topics.topic import DAY_MS, HOUR_MS, Topic

# Media: the broker does not compress what is compressed already (it buys nothing).
FRAMES = Topic("frames", Frame, "raw", 6 * HOUR_MS, compression="uncompressed")
AUDIO = Topic("audio", Audio, "raw", 24 * HOUR_MS, compression="uncompressed")
PACKETS = Topic("packets", Packets, "raw", 24 * HOUR_MS, compression="uncompressed")
STREAMS = Topic("streams", StreamNotice, "derived", 30 * DAY_MS)
DETECTIONS = Topic("detections", Detections, "derived", 7 * DAY_MS)
FACES = Topic("faces", Faces, "derived", 7 * DAY_MS)
TRACKS = Topic("tracks", Tracks, "derived", 7 * DAY_MS)
UTTERANCES = Topic("utterances", Utterance, "derived", 24 * HOUR_MS)
SPEECH = Topic("speech", Speech, "derived", 30 * DAY_MS)
SOUNDS = Topic("sounds", Sounds, "derived", 30 * DAY_MS)
EMOTIONS = Topic("emotions", Emotions, "derived", 7 * DAY_MS)
FUSED = Topic("fused", Fused, "derived", 30 * DAY_MS)
EVENTS = Topic("events", Event, "derived", 30 * DAY_MS)
HIGHLIGHTS = Topic("highlights", Highlight, "derived", 365 * DAY_MS)
CLIPS = Topic("clips", Clip, "derived", 365 * DAY_MS)

# The order matters: schemas are registered in it, so that a fresh registry gives the same ids every time.
CATALOG: tuple[Topic[Record], ...] = (
    FRAMES, AUDIO, PACKETS, STREAMS, DETECTIONS, FACES, TRACKS, UTTERANCES, SPEECH, SOUNDS, EMOTIONS, FUSED,
    EVENTS, HIGHLIGHTS, CLIPS,
)  # fmt: skip
BY_NOUN: dict[str, Topic[Record]] = {t.noun: t for t in CATALOG}
RAW = tuple(t for t in CATALOG if t.kind == "raw")
