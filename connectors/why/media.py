"""The picture and the sound of a chain, out of the log."""

from collections.abc import Iterable

from connectors.why.chain import Chain
from connectors.why.links import Raw
from connectors.why.wave import Piece, stretch
from schemas.records import Audio, Frame
from topics.catalog import AUDIO, FRAMES
from topics.fetch import Absent, At, Fetcher
from topics.registry import Serde

MOST_US = 120_000_000
MOMENT_US = 1_000_000  # a record of one moment is heard so long


def frame(fetcher: Fetcher, serde: Serde, at: At) -> Frame | Absent:
    """The frame at a place, or why there is none."""
    message = fetcher.fetch([at])[at]
    if isinstance(message, Absent):
        return message
    record = serde.decode(message.value(), FRAMES)
    if not isinstance(record, Frame) or not record.image:
        return Absent("no picture lies there")
    return record


def heard(chain: Chain) -> tuple[list[At], int, int]:
    """Places of the sound that a chain stands on, and the stream time that its root speaks of (µs, at most two
    minutes). No places: nothing of it was heard.
    """
    start, end = chain.nodes[chain.root].span_us
    if end <= start:
        start, end = start - MOMENT_US // 2, start + MOMENT_US // 2
    ends: dict[tuple[str, int], tuple[int, int]] = {}
    for key in chain.nodes:
        if isinstance(key, Raw) and key.noun == "audio":
            low, high = ends.get((key.topic, key.partition), (key.first, key.last))
            ends[key.topic, key.partition] = (min(low, key.first), max(high, key.last))
    places = [At(*where, offset) for where, (low, high) in ends.items() for offset in range(low, high + 1)]
    return places, start, min(end, start + MOST_US)


def pieces(fetcher: Fetcher, serde: Serde, places: Iterable[At], session_id: str) -> list[Piece]:
    """Sound of one session that lies at the places; what has gone or is another session's is left out."""
    found = []
    for message in fetcher.fetch(places).values():
        if isinstance(message, Absent):
            continue
        record = serde.decode(message.value(), AUDIO)
        if isinstance(record, Audio) and record.session_id == session_id and record.pcm:
            found.append(Piece(record.pts_us, record.rate_hz, record.pcm))
    return found


def sound(fetcher: Fetcher, serde: Serde, chain: Chain) -> bytes:
    """Samples (16 kHz, mono, 16 bit) of what the chain's root speaks of; empty where no sound is left."""
    places, from_us, to_us = heard(chain)
    session = str(chain.nodes[chain.root].found.fields.get("session_id", ""))
    found = pieces(fetcher, serde, places, session)
    return stretch(found, from_us, to_us) if found else b""
