"""From a highlight and its packets to an object and the record that names it."""

import hashlib
from typing import Any

from connectors.clips.config import Config
from connectors.clips.index import SessionIndex
from connectors.clips.packets import PacketLog
from connectors.clips.remux import media_span, remux
from connectors.clips.template import NoContainer
from connectors.objects.store import Exists, ObjectStore, key_part
from schemas.identity import record_id
from schemas.records import Clip, Highlight, Model
from topics.names import LIVE

NAME = "clips"
MODEL = Model(name="remux", version="1")


class ClipMaker:
    """Writes a highlight's object and gives its record; the same at every try. OSError if the store is away."""

    def __init__(self, log: PacketLog, objects: ObjectStore, config: Config, run: str) -> None:
        self._log, self._objects, self._config = log, objects, config
        self._folder = NAME if run == LIVE else f"runs/{key_part(run)}/{NAME}"

    def span(self, highlight: Highlight) -> tuple[int, int]:
        """Stream time that the clip is to hold."""
        before_us, after_us = round(self._config.before_s * 1e6), round(self._config.after_s * 1e6)
        return max(highlight.start_us - before_us, 0), highlight.end_us + after_us

    def make(self, highlight: Highlight, index: SessionIndex, partition: int) -> Clip:
        """The record of a highlight, its object written."""
        start_us, end_us = self.span(highlight)
        stamp: dict[str, Any] = {
            "stream_id": highlight.stream_id, "session_id": highlight.session_id, "seq": highlight.seq,
            "pts_us": highlight.pts_us, "watermark_us": highlight.watermark_us, "model": MODEL,
            "id": record_id(NAME, highlight.stream_id, highlight.session_id, highlight.seq),
        }  # fmt: skip
        if highlight.end:
            return Clip(**stamp, end=True)
        about = stamp | {"highlight_id": highlight.id, "start_us": start_us, "end_us": end_us}
        if highlight.status != "ok":
            return Clip(**about, status=highlight.status, reason=highlight.reason)
        records = self._log.records(partition, index.stretch(start_us, end_us))
        if not records:
            why = "the log does not hold its packets any more" if index.entries else "its session has no packets"
            return Clip(**about, status="unavailable", reason=why, missing="all of it")
        try:
            body, kind = remux(records, start_us, end_us)
        except NoContainer as error:
            return Clip(**about, status="unavailable", reason=str(error), missing="all of it")
        held_us = media_span(records, start_us, end_us)
        folder = f"{self._folder}/{key_part(highlight.stream_id)}"
        key = self._put(f"{folder}/{highlight.id}.{kind.ending}", body, kind.content_type)
        image = self._log.picture(highlight.frame)
        poster = self._put(f"{folder}/{highlight.id}.jpg", image, "image/jpeg") if image else ""
        return Clip(
            **about, key=key, poster_key=poster, bytes=len(body), sha256=hashlib.sha256(body).hexdigest(),
            first_seq=records[0].seq, last_seq=records[-1].seq, media_start_us=held_us[0], media_end_us=held_us[1],
            missing=index.missing(records, start_us, end_us, held_us),
        )  # fmt: skip

    def _put(self, key: str, body: bytes, content_type: str) -> str:
        try:
            self._objects.put(key, body, content_type)
        except Exists:  # a former life got this far; the record is to name the very bytes that are there
            if self._objects.read(key) != body:
                self._objects.replace(key, body, content_type)
        return key
