"""How far each station has got in a session, and what it said of itself."""

import time

from api.shapes.timeline import Watermark
from api.store import Store

NOUNS = ("streams", "detections", "faces", "tracks", "utterances", "speech", "sounds", "emotions", "fused",
         "events", "highlights", "clips")  # fmt: skip
FRESH_S = 1.0
ENDED_S = 30.0
MOST = 256
Key = tuple[str, str, str]


class Watermarks:
    """Watermarks of sessions, asked of the store at most once a second; twice a minute of a session that has
    ended on all topics, since nothing is to come. They are a quarter of what a jump on the timeline costs the
    store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[Key, tuple[float, list[Watermark]]] = {}

    def ask(self, run: str, stream: str, session: str) -> list[Watermark]:
        """A watermark for each noun, in the route's order."""
        key, now_s = (run, stream, session), time.monotonic()
        until_s, kept = self._kept.get(key, (0.0, []))
        if now_s < until_s:
            return kept
        found = watermarks(self._store, *key)
        keep_s = ENDED_S if all(mark.ended for mark in found) else FRESH_S
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = (now_s + keep_s, found)
        return found


def watermarks(store: Store, run: str, stream: str, session: str) -> list[Watermark]:
    """The same, asked anew; off the tables: repeats change nothing but the count."""
    each = " UNION ALL ".join(
        f"SELECT '{noun}' AS noun, max(watermark_us) AS mark, count() AS n, max(end) AS ended, "  # noqa: S608
        f"countIf(status = 'unavailable') AS unavailable, countIf(status = 'rejected') AS rejected, "
        f"argMax(reason, seq) AS why FROM {store.place.log_database}.{noun} "
        f"WHERE run = {{run:String}} AND stream_id = {{stream:String}} AND session_id = {{session:String}}"
        for noun in NOUNS
    )
    rows = store.ask(each, {"run": run, "stream": stream, "session": session})
    return [
        Watermark(r["noun"], r["mark"], r["n"], bool(r["ended"]), r["unavailable"], r["rejected"], r["why"])
        for r in sorted(rows, key=lambda r: NOUNS.index(r["noun"]))
    ]
