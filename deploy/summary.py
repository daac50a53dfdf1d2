"""What `summary.json` holds after a demo: figures of one session, all read back from the log and the store."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from deploy.watch import SessionWatch


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall clock: setup (installing, building), first_highlight and total (both from the demo's start)."""

    setup: float
    first_highlight: float | None
    total: float


@dataclass(frozen=True, slots=True)
class Summary:
    """One session from source to store."""

    source: str
    profile: str
    models: Mapping[str, str]
    seconds: Seconds
    records: Mapping[str, int]
    rows: Mapping[str, int]
    highlights: list[dict[str, Any]]
    clips: list[dict[str, Any]]
    digests: Mapping[str, str] = field(default_factory=dict)
    restarts: Mapping[str, int] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Writes `summary.json`, whole or not at all."""
        path = folder / "summary.json"
        part = path.with_suffix(".part")
        part.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        part.replace(path)
        return path


def highlight_rows(watch: SessionWatch) -> list[dict[str, Any]]:
    """The highlights as the summary lists them."""
    return [
        {
            "id": h.id,
            "start_us": h.start_us,
            "end_us": h.end_us,
            "score": h.score,
            "title": h.title,
            "reasons": [{"kind": r.kind, "weight": r.weight, "at_us": r.at_us, "text": r.text} for r in h.reasons],
        }
        for h in watch.highlights
    ]


def clip_rows(watch: SessionWatch, where: str) -> list[dict[str, Any]]:
    """The clips as the summary lists them; `where` is the object store's address or folder."""
    return [
        {"highlight_id": c.highlight_id, "path": f"{where}/{c.key}", "bytes": c.bytes, "status": c.status}
        for c in watch.clips
    ]
