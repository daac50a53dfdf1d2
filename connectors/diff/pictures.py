"""Frames out of the log as small pictures, for a report that opens anywhere."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

import cv2
import simplejpeg
from confluent_kafka import TopicPartition

from connectors.diff.findings import Session
from connectors.diff.report import Compared
from connectors.diff.survey import frame_at
from schemas.records import Frame, Ref
from topics.catalog import FRAMES
from topics.connection import Connection
from topics.read import consumer
from topics.registry import Serde

WIDTH_PX = 480
QUALITY = 70
ALL_BYTES = 12 << 20
"""Pictures of a report together; beyond it the smaller differences go without."""
WAIT_S = 10.0


def key_of(ref: Mapping[str, Any]) -> str:
    """What a picture is called in the report."""
    return f"{ref['topic']}/{ref['partition']}/{ref['offset']}"


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


def pictures(connection: Connection, serde: Serde, refs: Iterable[Ref]) -> dict[str, dict[str, Any]]:
    """Small pictures by `key_of`; frames that are no longer in the log, or no picture, are left out."""
    found: dict[str, dict[str, Any]] = {}
    left = ALL_BYTES
    with consumer(connection, fetch_wait_max_ms=20, queued_max_messages_kbytes=4096) as client:
        for ref in refs:
            frame = _frame(client, serde, ref)
            if frame is None:
                continue
            jpeg = small(frame.image)
            left -= len(jpeg) * 4 // 3
            if left < 0:
                break
            found[key_of(ref.as_dict())] = {
                "src": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode(),
                "width_px": frame.width_px,
                "height_px": frame.height_px,
            }
    return found


def _frame(client: Any, serde: Serde, ref: Ref) -> Frame | None:
    client.assign([TopicPartition(ref.topic, ref.partition, ref.offset)])
    message = client.poll(WAIT_S)
    if message is None or message.error() is not None or message.offset() != ref.offset:
        return None
    record = serde.decode(message.value(), FRAMES)
    return record if isinstance(record, Frame) and record.image else None


def small(jpeg: bytes) -> bytes:
    """The picture no wider than WIDTH_PX."""
    image = simplejpeg.decode_jpeg(jpeg, "BGR")
    height, width = image.shape[:2]
    if width > WIDTH_PX:
        size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    made: bytes = simplejpeg.encode_jpeg(image, QUALITY, "BGR", "420")
    return made
