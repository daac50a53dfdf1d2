"""Frames out of the log as small pictures, for a report that opens anywhere."""

import base64
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import cv2
import simplejpeg
from confluent_kafka import Message

from connectors.diff.findings import Session
from connectors.diff.report import Compared
from connectors.diff.survey import frame_at
from schemas.records import Frame, Ref
from topics.catalog import FRAMES
from topics.connection import Connection
from topics.fetch import Absent, At, Fetcher
from topics.registry import Serde

WIDTH_PX = 480
QUALITY = 70
ALL_BYTES = 12 << 20
"""Pictures of a report together; beyond it the smaller differences go without."""
AT_ONCE = 40
"""Frames in memory at a time."""


def with_frames(report: dict[str, Any], c: Compared) -> None:
    """Gives the examples that name no frame (words, sounds) the one of their second."""
    for examples in report["examples"].values():
        for example in examples:
            if example["frame"] is None:
                session = Session(example["stream_id"], example["session_id"])
                for survey in (c.survey_a, c.survey_b):
                    middle_us = (example["at_us"] + example["end_us"]) // 2
                    found = frame_at(survey.get(session) or {}, middle_us)
                    if found is not None:
                        example["frame"] = found.as_dict()
                        break


def wanted(report: Mapping[str, Any]) -> list[Ref]:
    """Frames that the examples show, the largest differences of every noun first."""
    order: dict[Ref, None] = {}
    lists = list(report["examples"].values())
    for rank in range(max(map(len, lists), default=0)):
        for example in (examples[rank] for examples in lists if rank < len(examples)):
            for ref in (example["frame"], *(m.get("frame") for m in (*example["a"], *example["b"]))):
                if ref:
                    order[Ref.from_dict(ref)] = None
    return list(order)


def pictures(connection: Connection, serde: Serde, refs: Sequence[Ref]) -> dict[str, dict[str, Any]]:
    """Small pictures by place (topic/partition/offset); what is no longer in the log is left out."""
    found: dict[str, dict[str, Any]] = {}
    left = ALL_BYTES
    with closing(Fetcher(connection)) as fetcher:
        for first in range(0, len(refs), AT_ONCE):
            places = [At(ref.topic, ref.partition, ref.offset) for ref in refs[first : first + AT_ONCE]]
            messages = fetcher.fetch(places)
            for place in places:
                made = _picture(serde, messages[place])
                if made is None:
                    continue
                left -= len(made["src"])
                if left < 0:
                    return found
                found[str(place)] = made
    return found


def _picture(serde: Serde, message: Message | Absent) -> dict[str, Any] | None:
    if isinstance(message, Absent):
        return None
    frame = serde.decode(message.value(), FRAMES)
    if not isinstance(frame, Frame) or not frame.image:
        return None
    source = "data:image/jpeg;base64," + base64.b64encode(small(frame.image)).decode()
    return {"src": source, "width_px": frame.width_px, "height_px": frame.height_px}


def small(jpeg: bytes) -> bytes:
    """The picture no wider than WIDTH_PX."""
    image = simplejpeg.decode_jpeg(jpeg, "BGR")
    height, width = image.shape[:2]
    if width > WIDTH_PX:
        size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    made: bytes = simplejpeg.encode_jpeg(image, QUALITY, "BGR", "420")
    return made
