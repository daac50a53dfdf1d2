"""Tells what happens to a stream, and where in the log: the index from stream time to offsets.

Reads the raw topics, keeps numbers only (never a payload), and says: started, progress, gap, resumed, breach,
ended. A breach of a kind is announced once and then counted in the progress notices, so that a producer that
does everything wrong cannot flood the topic.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from processors.rules import rules_model
from processors.station import Item, Oddity
from processors.streams import words
from processors.streams.breaches import NOUN, Breach, Limits, Raw, of_order, of_payload
from processors.streams.state import Medium, State
from schemas.records import Frame, Model, Position, StreamNotice, Tally

VERSION = "1"
NOUNS = ("frames", "audio", "packets")


@dataclass(frozen=True, slots=True)
class Config:
    """How the stream is watched.

    progress_s: stream time between two progress notices; they speak of its multiples.
    wait_s: how long `started` waits for every medium to show up, and `progress` for every medium to pass its
        mark, in stream time; below progress_s. A medium that did not is left out of the notice.
    gap_s: a medium that brings nothing for longer than this has a gap.
    limits: what is still believed of a producer.
    """

    progress_s: float = 10.0
    wait_s: float = 2.0
    gap_s: float = 3.0
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not 0 <= self.wait_s < self.progress_s:
            raise ValueError(f"wait_s must be in 0 … progress_s, got {self.wait_s} and {self.progress_s}")


def _plus(counts: tuple[tuple[str, int], ...], kind: str) -> tuple[tuple[str, int], ...]:
    table = dict(counts)
    table[kind] = table.get(kind, 0) + 1
    return tuple(sorted(table.items()))


def _tallies(counts: Sequence[tuple[str, int]]) -> tuple[Tally, ...]:
    return tuple(Tally(label=label, count=n) for label, n in counts if n)


class Streams:
    """Fold[Frame | Audio | Packets, StreamNotice]. pts_us and watermark_us of a notice are the stream time at
    which it could be said; start_us and end_us are the span that it speaks of.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.state = State
        self.progress_us = round(config.progress_s * 1e6)
        self.wait_us = round(config.wait_s * 1e6)
        self.gap_us = round(config.gap_s * 1e6)
        self.model: Model = rules_model("streams", VERSION, config)

    def start(self, stream_id: str, session_id: str) -> State:  # noqa: ARG002 (alike for all sessions)
        """Nothing is known yet."""
        return State()

    def step(self, state: State, item: Item[Raw]) -> tuple[State, Sequence[StreamNotice]]:
        """What one more raw record changes and what is to be said about it."""
        record, now_us = item.record, max(item.record.pts_us, state.last_us)
        said: list[StreamNotice] = []
        if not state.media:
            state = replace(state, first_us=now_us, mark_us=self._mark_after(now_us))
        state = self._watch_gaps(state, record, now_us, said)
        state = self._watch_contract(state, record, said)
        state = self._arrive(state, item, said)
        if isinstance(record, Frame) and not state.width_px:
            state = replace(state, width_px=record.width_px, height_px=record.height_px)
        state = self._progress(replace(state, last_us=now_us), item, said)
        if state.started:
            return state, [replace(n, pts_us=now_us, watermark_us=now_us) for n in said]
        state = replace(state, held=(*state.held, *said))
        if len(state.media) == len(NOUNS) or now_us - state.first_us >= self.wait_us:
            return self._begin(state, now_us)
        return state, ()

    def odd(self, state: State, item: Item[Raw], oddity: Oddity) -> tuple[State, Sequence[StreamNotice]]:
        """What a record that the reader's rule does not let through changes, and what is to be said about it."""
        record, said = item.record, list[StreamNotice]()
        noun = NOUN[type(record)]
        state = self._told(state, record, Breach(oddity.kind, f"{noun}: {oddity.text}"), said)
        if oddity.kind == "back":  # its seq is not missing
            media = tuple(replace(m, next_seq=record.seq + 1) if m.noun == noun else m for m in state.media)
            state = replace(state, media=media)
        if not state.started:
            return replace(state, held=(*state.held, *said)), ()
        return state, [replace(n, pts_us=state.last_us, watermark_us=state.last_us) for n in said]

    def finish(self, state: State, pts_us: int) -> Sequence[StreamNotice]:
        """The progress that was still waited for, and `ended` with the counts of the whole session."""
        now_us = max(pts_us, state.last_us)
        said: list[StreamNotice] = []
        if not state.started:
            state, begun = self._begin(state, now_us)
            said += begun
        if any(m.mark for m in state.media):
            said.append(self._progress_notice(state))
        received = [(m.noun, m.received_all) for m in state.media]
        said.append(
            StreamNotice(
                kind="ended", text=words.ended(now_us, received),
                start_us=state.first_us, end_us=now_us, media=tuple(m.noun for m in state.media),
                dropped=sum(m.dropped_all for m in state.media),
                width_px=state.width_px, height_px=state.height_px,
                received=_tallies(received), breaches=_tallies(state.counted),
            )
        )  # fmt: skip
        return [replace(n, pts_us=now_us, watermark_us=now_us) for n in said]

    def _mark_after(self, now_us: int) -> int:
        return (now_us // self.progress_us + 1) * self.progress_us

    def _begin(self, state: State, now_us: int) -> tuple[State, Sequence[StreamNotice]]:
        notice = StreamNotice(
            kind="started", text=words.started([m.noun for m in state.media], state.width_px, state.height_px),
            start_us=state.first_us, end_us=state.first_us, media=tuple(m.noun for m in state.media),
            positions=tuple(m.first for m in state.media), width_px=state.width_px, height_px=state.height_px,
        )  # fmt: skip
        said = [replace(n, pts_us=now_us, watermark_us=now_us) for n in (notice, *state.held)]
        return replace(state, started=True, held=()), said

    def _watch_gaps(self, state: State, record: Raw, now_us: int, said: list[StreamNotice]) -> State:
        """Announces media that fell silent and the one that comes back."""
        late = [m for m in state.media if now_us - m.last_us > self.gap_us and m.noun not in state.gap]
        if late:
            since_us = min(m.last_us for m in late)
            nouns = tuple(m.noun for m in late)
            said.append(StreamNotice(kind="gap", text=words.gap(nouns, now_us - since_us), media=nouns,
                                     start_us=since_us, end_us=now_us))  # fmt: skip
            state = replace(state, gap=(*state.gap, *nouns))
        noun = NOUN[type(record)]
        if noun not in state.gap:
            return state
        since_us = next(m.last_us for m in state.media if m.noun == noun)
        said.append(StreamNotice(kind="resumed", text=words.resumed(noun, now_us - since_us), media=(noun,),
                                 start_us=since_us, end_us=now_us))  # fmt: skip
        return replace(state, gap=tuple(n for n in state.gap if n != noun))

    def _watch_contract(self, state: State, record: Raw, said: list[StreamNotice]) -> State:
        """Announces the first breach of each kind and counts them all."""
        noun, limits = NOUN[type(record)], self.config.limits
        medium = next((m for m in state.media if m.noun == noun), None)
        next_seq, last_us = (medium.next_seq, medium.last_us) if medium else (0, None)
        for breach in (*of_order(record, next_seq, last_us, limits), *of_payload(record, limits)):
            state = self._told(state, record, breach, said)
        return state

    def _told(self, state: State, record: Raw, breach: Breach, said: list[StreamNotice]) -> State:
        noun = NOUN[type(record)]
        kind = f"{noun}.{breach.kind}"
        if kind not in dict(state.counted):
            said.append(StreamNotice(kind="breach", text=breach.text, breach=breach.kind, media=(noun,),
                                     start_us=record.pts_us, end_us=record.pts_us))  # fmt: skip
        return replace(state, fresh=_plus(state.fresh, kind), counted=_plus(state.counted, kind))

    def _arrive(self, state: State, item: Item[Raw], said: list[StreamNotice]) -> State:
        """Counts the record, and says so when the source began to drop records."""
        record, noun = item.record, NOUN[type(item.record)]
        here = Position(topic=item.ref.topic, partition=item.ref.partition, offset=item.ref.offset,
                        seq=record.seq, pts_us=record.pts_us)  # fmt: skip
        old = next((m for m in state.media if m.noun == noun), Medium(noun, 0, record.pts_us, here))
        if record.dropped > 0 and noun not in state.dropping:
            said.append(StreamNotice(kind="gap", text=words.dropped(noun, record.dropped), media=(noun,),
                                     start_us=old.last_us, end_us=record.pts_us,
                                     dropped=record.dropped))  # fmt: skip
            state = replace(state, dropping=(*state.dropping, noun))
        new = replace(
            old, next_seq=record.seq + 1, last_us=record.pts_us, dropped=old.dropped + max(record.dropped, 0),
            received=old.received + 1,
            dropped_all=old.dropped_all + max(record.dropped, 0), received_all=old.received_all + 1,
        )  # fmt: skip
        others = tuple(m for m in state.media if m.noun != noun)
        return replace(state, media=tuple(sorted((*others, new), key=lambda m: NOUNS.index(m.noun))))

    def _progress(self, state: State, item: Item[Raw], said: list[StreamNotice]) -> State:
        """Notes the first record past the mark; says the progress when all media did."""
        record = item.record
        while record.pts_us >= state.mark_us:
            here = Position(topic=item.ref.topic, partition=item.ref.partition, offset=item.ref.offset,
                            seq=record.seq, pts_us=record.pts_us)  # fmt: skip
            noun = NOUN[type(record)]
            media = tuple(replace(m, mark=m.mark or here) if m.noun == noun else m for m in state.media)
            state = replace(state, media=media)
            waited = record.pts_us - state.mark_us >= self.wait_us
            if not waited and not all(m.mark for m in media):
                return state
            said.append(self._progress_notice(state))
            rested = tuple(replace(m, mark=None, dropped=0, received=0) for m in media)
            # A jump of stream time leaves out the marks it jumps over, but not the last one.
            mark_us = max(state.mark_us + self.progress_us, self._mark_after(record.pts_us) - self.progress_us)
            state = replace(state, media=rested, mark_us=mark_us, fresh=(), dropping=())
        return state

    def _progress_notice(self, state: State) -> StreamNotice:
        received = [(m.noun, m.received) for m in state.media]
        return StreamNotice(
            kind="progress", text=words.progress(state.mark_us, received),
            start_us=max(state.mark_us - self.progress_us, 0), end_us=state.mark_us,
            media=tuple(m.noun for m in state.media if m.mark),
            positions=tuple(m.mark for m in state.media if m.mark),
            dropped=sum(m.dropped for m in state.media), width_px=state.width_px, height_px=state.height_px,
            received=_tallies(received), breaches=_tallies(state.fresh),
        )  # fmt: skip
