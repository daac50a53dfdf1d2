"""Which frame shows a record, which boxes lie on it, and the two as one picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.why.chain import Chain, Node
from connectors.why.links import Raw, place
from topics.fetch import At

COLOURS = {
    "tracks": (96, 220, 120),
    "detections": (240, 170, 80),
    "faces": (90, 200, 250),
    "emotions": (90, 200, 250),
}
PARTS = {"tracks": "tracks", "detections": "boxes", "faces": "faces", "emotions": "persons"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A box with words, in pixels of the source frame; `noun` tells who drew it."""

    noun: str
    words: str
    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float


def shown(chain: Chain) -> At | None:
    """The frame that shows the chain's root: its own, else the middle one of those that it stands on."""
    root = chain.nodes[chain.root].found.fields
    if (own := place(root.get("frame"))) is not None:
        return own
    single = {k for k in chain.nodes if isinstance(k, Raw) and k.noun == "frames" and k.first == k.last}
    frames = sorted(At(k.topic, k.partition, k.first) for k in single if isinstance(k, Raw))
    return frames[len(frames) // 2] if frames else None


def marks(chain: Chain, frame: At) -> list[Mark]:
    """Boxes that the chain's records put on a frame. Detections are left out where there are
    tracks of them, faces where there are emotions.
    """
    there = [n for n in chain.nodes.values() if n.noun in PARTS and place(n.found.fields.get("frame")) == frame]
    nouns = {n.noun for n in there}
    hidden = {of for by, of in (("tracks", "detections"), ("emotions", "faces")) if by in nouns}
    return [mark for node in there if node.noun not in hidden for mark in _marks(node)]


def _marks(node: Node) -> Iterable[Mark]:
    for part in node.found.fields.get(PARTS[node.noun]) or ():
        yield Mark(
            node.noun,
            _words(node.noun, part),
            *(float(part[side]) for side in ("x1_px", "y1_px", "x2_px", "y2_px")),
        )


def _words(noun: str, part: Any) -> str:
    if noun == "tracks":
        return f"{part['label']} #{part['track_id']}"
    if noun == "detections":
        return f"{part['label']} {part['score']:.2f}"
    return part.get("emotion") or "face"


def drawn(jpeg: bytes, marks: Iterable[Mark]) -> bytes:
    """The picture with its boxes, as JPEG. ValueError if the bytes are no picture."""
    import cv2

    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("the frame is no picture that can be decoded")
    scale = max(0.4, image.shape[0] / 900)
    for mark in marks:
        colour = COLOURS[mark.noun]
        low, high = (round(mark.x1_px), round(mark.y1_px)), (round(mark.x2_px), round(mark.y2_px))
        cv2.rectangle(image, low, high, (0, 0, 0), 4)
        cv2.rectangle(image, low, high, colour, 2)
        (wide, tall), _ = cv2.getTextSize(mark.words, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        top = low[1] - tall - 6 if low[1] > tall + 8 else low[1] + 2
        cv2.rectangle(image, (low[0], top), (low[0] + wide + 6, top + tall + 6), (20, 14, 8), -1)
        cv2.putText(
            image,
            mark.words,
            (low[0] + 3, top + tall + 2),
            cv2.FONT_HERSHEY_SIMPLEX,
            scale,
            colour,
            1,
            cv2.LINE_AA,
        )
    coded: bytes = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    return coded
