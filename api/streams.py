"""Which streams there are, in which state, and how far each station has got with them."""

import time
from collections.abc import Iterable
from uuid import UUID

from api.shapes.streams import Mode, Session, Stream
from api.store import Row, Store
from api.watermarks import NOUNS

LIVE_WITHIN_S = 15.0
NOW_AND_THEN = {"streams", "highlights", "clips"}
RAW = """
SELECT '{noun}' AS noun, stream_id, session_id, minIf(pts_us, NOT end) AS first, max(pts_us) AS last,
    max(end) AS ended, countIf(NOT end) AS n, toString(min(recorded_at), 'UTC') AS started,
    toString(max(recorded_at), 'UTC') AS written, toFloat64(now64(3) - max(recorded_at)) AS quiet_s,
    minIf(captured_us - pts_us, captured_us > 0) AS epoch, sum(dropped) AS lost,
    {width} AS width, {height} AS height, max(pts_us) AS mark
FROM {db}.{noun} WHERE {{stream:String}} IN ('', stream_id) GROUP BY stream_id, session_id"""
DERIVED = """
SELECT '{noun}' AS noun, stream_id, session_id, 0 AS first, 0 AS last, max(end) AS ended, count() AS n,
    '' AS started, '' AS written, 0 AS quiet_s, 0 AS epoch, 0 AS lost, 0 AS width, 0 AS height,
    max(watermark_us) AS mark
FROM {db}.{noun} WHERE run = {{run:String}} AND {{stream:String}} IN ('', stream_id)
GROUP BY stream_id, session_id"""


def query(log_database: str) -> str:
    """One row per noun, stream and session. Asks the tables and not the views: every figure here is the same
    with repeated rows, but the count of records.
    """
    raw = [
        RAW.format(noun="frames", db=log_database, width="max(width_px)", height="max(height_px)"),
        RAW.format(noun="audio", db=log_database, width="0", height="0"),
    ]
    return " UNION ALL ".join(raw + [DERIVED.format(noun=noun, db=log_database) for noun in NOUNS])


def streams(store: Store, run: str, stream: str = "") -> list[Stream]:
    """All streams (or one), those that are live first, then by last writing; sessions newest first."""
    rows = store.ask(query(store.place.log_database), {"run": run, "stream": stream})
    by_session: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        by_session.setdefault((row["stream_id"], row["session_id"]), {})[row["noun"]] = row
    found: dict[str, list[Session]] = {}
    for (stream_id, session_id), nouns in by_session.items():
        if "frames" in nouns or "audio" in nouns:
            found.setdefault(stream_id, []).append(session(session_id, nouns))
    out = [
        Stream(name, any(s.state == "live" for s in ss), sorted(ss, key=lambda s: s.started_at, reverse=True))
        for name, ss in found.items()
    ]
    return sorted(sorted(out, key=lambda s: s.sessions[0].written_at, reverse=True), key=lambda s: not s.live)


def session(session_id: str, nouns: dict[str, Row]) -> Session:
    """A session from its rows by noun."""
    raw = [nouns[noun] for noun in ("frames", "audio") if noun in nouns]
    with_data = [r for r in raw if r["n"]] or raw
    marks = {noun: row["mark"] for noun, row in nouns.items() if noun in NOUNS}
    last_us = max(r["last"] for r in raw)
    slowest, behind_us = _behind(nouns, last_us)
    is_file = _made_from_content(session_id)
    return Session(
        session_id,
        "file" if is_file else "live",
        _mode(raw),
        min(r["first"] for r in with_data),
        last_us,
        utc(min(r["started"] for r in raw)),
        utc(max(r["written"] for r in raw)),
        0 if is_file else max(r["epoch"] for r in raw),
        nouns["frames"]["n"] if "frames" in nouns else 0,
        "frames" in nouns and nouns["frames"]["n"] > 0,
        "audio" in nouns and nouns["audio"]["n"] > 0,
        max(r["width"] for r in raw),
        max(r["height"] for r in raw),
        sum(r["lost"] for r in raw),
        marks,
        behind_us,
        slowest,
    )


def _mode(raw: Iterable[Row]) -> Mode:
    if all(r["ended"] for r in raw):
        return "ended"
    return "live" if min(r["quiet_s"] for r in raw) < LIVE_WITHIN_S else "quiet"


def _behind(nouns: dict[str, Row], last_us: int) -> tuple[str, int]:
    """The station that is farthest behind the raw records, and by how much. Notices, highlights and clips come
    now and then only, so that their last watermark says nothing of their lag.
    """
    waiting = {
        noun: last_us - min(row["mark"], last_us)
        for noun, row in nouns.items()
        if noun in NOUNS and noun not in NOW_AND_THEN and not row["ended"]
    }
    slowest = max(waiting, key=lambda noun: waiting[noun], default="")
    return slowest, waiting.get(slowest, 0)


def _made_from_content(session_id: str) -> bool:
    try:
        return UUID(session_id).version == 5
    except ValueError:
        return False


def utc(clickhouse_time: str) -> str:
    """`2026-01-31 12:00:00.123` as ISO 8601 in UTC."""
    return f"{clickhouse_time.replace(' ', 'T')}Z" if clickhouse_time else ""


class Cached:
    """The answer of the last second: every open page asks every few seconds, and the answer costs a scan."""

    def __init__(self, store: Store, keep_s: float = 1.0) -> None:
        self._store = store
        self._keep_s = keep_s
        self._kept: dict[str, tuple[float, list[Stream]]] = {}

    def ask(self, run: str) -> list[Stream]:
        """All streams of a run."""
        at_s, kept = self._kept.get(run, (0.0, []))
        if time.monotonic() - at_s > self._keep_s:
            kept = streams(self._store, run)
            self._kept[run] = (time.monotonic(), kept)
        return kept
