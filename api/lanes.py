"""The timeline's lanes: what ClickHouse holds of a range, binned there, joined into spans here."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from api.bins import Cell, bands, bin_width_us, crowded, spans
from api.shapes.timeline import Lanes, Level, Place, Span, Word
from api.store import Store
from api.watermarks import Watermarks

FRAME_US = 100_000  # a mark of one frame is as long as a frame at 10 fps
HOLE_US = 350_000  # three frames without a track are an occlusion, more are a hole
SOUND_US = 500_000
POSTER_PX = 96
WORD_BIN_US = 50_000  # a word of 0.3 s is six pixels wide: nobody reads less
UTTERANCE_US = 2_000_000  # utterances that are narrower than a mark are joined
MARK_PX = 3
SOUND_SCORE = 0.3
# A server answers ten questions at once in the time of the longest; the embedded store one while another is read.
ASKERS = ThreadPoolExecutor(4, "lanes")
WHERE = "run = {run:String} AND stream_id = {stream:String} AND session_id = {session:String} AND NOT end"
AT = f"{WHERE} AND pts_us >= {{from:Int64}} AND pts_us < {{to:Int64}} AND status = 'ok'"
OVER = f"{WHERE} AND end_us > {{from:Int64}} AND start_us < {{to:Int64}} AND status = 'ok'"


@dataclass(frozen=True, slots=True)
class View:
    """Which part of which session is on the screen, and how wide the screen is."""

    stream: str
    session: str
    run: str
    from_us: int
    to_us: int
    width_px: int

    @property
    def bin_us(self) -> int:
        """Width of a bin."""
        return bin_width_us(self.from_us, self.to_us, self.width_px)

    def parameters(self, **more: Any) -> dict[str, Any]:
        """For a query."""
        return {"stream": self.stream, "session": self.session, "run": self.run, "from": self.from_us,
                "to": self.to_us, "bin": self.bin_us, **more}  # fmt: skip


def lanes(store: Store, view: View, marks: Watermarks) -> Lanes:
    """All lanes of a view, asked for side by side."""
    db = store.place.database
    emotions = ASKERS.submit(_emotions, store, view, db)
    sounds = ASKERS.submit(_sounds, store, view, db)
    said = ASKERS.submit(_speech, store, view, db)
    frames = ASKERS.submit(_frames, store, view)
    persons = ASKERS.submit(_persons, store, view, db)
    events = ASKERS.submit(_marks, store, view, f"{db}.events", "text")
    highlights = ASKERS.submit(_marks, store, view, f"{db}.highlights", "title")
    log = ASKERS.submit(_log, store, view, db)
    reached = ASKERS.submit(marks.ask, view.run, view.stream, view.session)
    speech, words, coarse = said.result()
    for name, of in (("events", events.result()), ("highlights", highlights.result())):
        coarse += [name] if any(span.count > 1 for span in of) else []
    bands_, valence = emotions.result()
    loudness, silence, heard = sounds.result()
    return Lanes(
        view.stream, view.session, view.run, view.from_us, view.to_us, view.bin_us,
        frames=frames.result(), persons=persons.result(), emotions=bands_, valence=valence, speech=speech,
        words=words, loudness=loudness, silence=silence, sounds=heard, events=events.result(),
        highlights=highlights.result(), log=log.result(), watermarks=reached.result(), binned=coarse,
    )  # fmt: skip


def _span(cell: Cell) -> Span:
    return Span(cell.start_us, cell.end_us, cell.key, round(cell.score, 3), cell.count)


def _persons(store: Store, view: View, db: str) -> list[Span]:
    rows = store.ask(
        f"SELECT intDiv(pts_us, {{bin:Int64}}) AS bin, t.track_id AS track, any(t.label) AS label, "  # noqa: S608
        f"min(pts_us) AS first, max(pts_us) AS last, count() AS n, max(t.score) AS score "
        f"FROM {db}.tracks ARRAY JOIN tracks AS t WHERE {AT} GROUP BY bin, track ORDER BY first",
        view.parameters(),
    )
    cells = (
        Cell(f"{r['label']} #{r['track']}", r["first"], r["last"] + FRAME_US, r["n"], r["score"] or 0)
        for r in rows
    )
    joined = spans(cells, HOLE_US + view.bin_us)
    return [_span(c) for c in crowded(joined, MARK_PX * view.bin_us)]


def _emotions(store: Store, view: View, db: str) -> tuple[list[Span], list[Level]]:
    rows = store.ask(
        f"SELECT intDiv(pts_us, {{bin:Int64}}) AS bin, argMax(p.emotion, p.score) AS emotion, "  # noqa: S608
        f"max(p.score) AS score, avg(p.valence) AS mean, min(p.valence) AS low, max(p.valence) AS high, "
        f"min(pts_us) AS first, max(pts_us) AS last, count() AS n "
        f"FROM {db}.emotions ARRAY JOIN persons AS p WHERE {AT} AND p.emotion != '' GROUP BY bin ORDER BY bin",
        view.parameters(),
    )
    cells = (Cell(r["emotion"], r["first"], r["last"] + FRAME_US, r["n"], r["score"] or 0) for r in rows)
    curve = [Level(r["first"], r["mean"], r["low"], r["high"]) for r in rows if r["mean"] is not None]
    return [_span(c) for c in bands(cells, HOLE_US + view.bin_us)], curve


def _sounds(store: Store, view: View, db: str) -> tuple[list[Level], list[Span], list[Span]]:
    rows = store.ask(
        f"SELECT intDiv(start_us, {{bin:Int64}}) AS bin, min(start_us) AS first, max(end_us) AS last, "  # noqa: S608
        f"avg(loudness_db) AS mean, min(loudness_db) AS low, max(loudness_db) AS high, min(silence) AS silent, "
        f"min(silence_since_us) AS since, "
        f"count() AS n FROM {db}.sounds WHERE {OVER} GROUP BY bin ORDER BY bin",
        view.parameters(),
    )
    heard = store.ask(
        f"SELECT intDiv(start_us, {{bin:Int64}}) AS bin, c.label AS label, min(start_us) AS first, "  # noqa: S608
        f"max(end_us) AS last, max(c.score) AS score, count() AS n "
        f"FROM {db}.sounds ARRAY JOIN arraySlice(classes, 1, 3) AS c "
        f"WHERE {OVER} AND c.score >= {SOUND_SCORE} GROUP BY bin, label ORDER BY first",
        view.parameters(),
    )
    curve = [Level(r["first"], r["mean"], r["low"], r["high"]) for r in rows]
    silent = [Cell("silence", r["first"], r["last"], r["n"]) for r in rows if r["silent"]]
    if (
        rows and rows[0]["silent"] and rows[0]["since"] is not None
    ):  # it is as long as it is, not as its part in view
        silent[0] = replace(silent[0], start_us=min(rows[0]["since"], silent[0].start_us))
    classes = (Cell(r["label"], r["first"], r["last"], r["n"], r["score"]) for r in heard)
    return curve, [_span(c) for c in spans(silent, 1)], [_span(c) for c in spans(classes, SOUND_US + view.bin_us)]


def _speech(store: Store, view: View, db: str) -> tuple[list[Span], list[Word], list[str]]:
    """Utterances, words, and which of the two are coarser than what was said."""
    coarse = []
    rows = store.ask(
        f"SELECT id, start_us, end_us, text, speaker, words FROM {db}.speech "  # noqa: S608
        f"WHERE {OVER} AND text != '' ORDER BY start_us LIMIT {{most:UInt32}}",
        view.parameters(most=20_000),
    )
    words = [Word(w["text"], w["start_us"], w["end_us"], w["confidence"]) for r in rows for w in r["words"]]
    if words and view.bin_us > WORD_BIN_US:
        coarse.append("words")
        words = []
    if rows and MARK_PX * view.bin_us > UTTERANCE_US:
        coarse.append("speech")
        cells = (Cell(r["speaker"], r["start_us"], r["end_us"]) for r in rows)
        return [_span(c) for c in spans(cells, MARK_PX * view.bin_us)], words, coarse
    said = [Span(r["start_us"], r["end_us"], r["speaker"], 0, 1, r["id"], r["text"]) for r in rows]
    return said, words, coarse


def _marks(store: Store, view: View, table: str, text: str) -> list[Span]:
    """Events and highlights: each by itself where there is room, else the best of each few pixels."""
    wide = view.parameters(wide=MARK_PX * view.bin_us)
    rows = store.ask(
        f"SELECT intDiv(start_us, {{wide:Int64}}) AS bin, min(start_us) AS start, max(end_us) AS stop, "  # noqa: S608
        f"argMax({text}, score) AS said, max(score) AS best, argMax(id, score) AS which, count() AS n "
        f"FROM {table} WHERE {OVER} AND {text} != '' GROUP BY bin ORDER BY start",
        wide,
    )
    return [Span(r["start"], r["stop"], "", r["best"], r["n"], r["which"], r["said"]) for r in rows]


def _frames(store: Store, view: View) -> list[Place]:
    """Pictures for the first lane: the first frame of each stretch that is as wide as a thumbnail."""
    every_us = max(FRAME_US, (view.to_us - view.from_us) * POSTER_PX // max(view.width_px, POSTER_PX))
    rows = store.ask(
        f"SELECT intDiv(pts_us, {{every:Int64}}) AS bin, min(pts_us) AS first, "  # noqa: S608
        f"argMin(tuple(topic, partition, offset), pts_us) AS place "
        f"FROM {store.place.log_database}.frames WHERE stream_id = {{stream:String}} AND "
        f"session_id = {{session:String}} AND NOT end AND pts_us >= {{from:Int64}} AND pts_us < {{to:Int64}} "
        f"GROUP BY bin ORDER BY bin",
        view.parameters(every=every_us),
    )
    return [Place(r["first"], *_triple(r["place"])) for r in rows]


def _triple(place: Any) -> tuple[str, int, int]:
    topic, partition, offset = place.values() if isinstance(place, dict) else place
    return topic, partition, offset


def _log(store: Store, view: View, db: str) -> list[Span]:
    """Gaps, drops and breaches, as the streams station told them."""
    rows = store.ask(
        f"SELECT id, toString(kind) AS kind, start_us, end_us, pts_us, text, dropped FROM {db}.streams "  # noqa: S608
        f"WHERE {WHERE} AND kind != 'progress' AND greatest(end_us, pts_us) >= {{from:Int64}} "
        f"AND least(start_us, pts_us) < {{to:Int64}} ORDER BY pts_us LIMIT 5000",
        view.parameters(),
    )
    return [_notice(row) for row in rows]


def _notice(row: Mapping[str, Any]) -> Span:
    """A gap or a breach lies where it was; a session has ended where its last record is, whatever it spans."""
    start, end, at = row["start_us"], row["end_us"], row["pts_us"]
    spans = end > start and row["kind"] != "ended"
    return Span(start if spans else at, max(end, at), row["kind"], 0, row["dropped"], row["id"], row["text"])
