"""Cuts the sound of a stream into utterances. Out of audio records come spans that lie end to end: speech with
its sound, or a stretch in which nobody spoke.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from processors.levels import peak_db, rms_db, samples_of
from processors.station import Item, Rejected
from processors.utterances import cutter as cut
from processors.utterances.cutter import Cutter, Rules, Span
from processors.utterances.pitch import median_pitch_hz
from schemas.records import Audio, Model, Ref, Utterance

RATE_HZ = 16000
WINDOW = 512  # samples a probability is about: 32 ms
CONTEXT = 64  # samples before the window that the model sees too


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of the utterances station.

    start, stop: voice probability at which speech begins, and below which it may end.
    min_speech_s: less voice than this is a click, no utterance.
    min_silence_s: a pause this long ends an utterance.
    pad_s: kept before and after the voice, for the recogniser's sake.
    max_length_s: a longer utterance is cut at its best pause.
    tick_s: while nobody speaks, a record says so for each span of this length.
    gap_s: sound that is missing or doubled by more than this starts a new count of samples.
    digital_silence: samples up to this size are no sound at all; the model is not asked about them.
    """

    start: float = 0.5
    stop: float = 0.35
    min_speech_s: float = 0.1
    min_silence_s: float = 0.4
    pad_s: float = 0.16
    max_length_s: float = 8.0
    tick_s: float = 1.0
    gap_s: float = 0.1
    digital_silence: int = 1

    def rules(self) -> Rules:
        """The same in windows."""

        def windows(seconds: float) -> int:
            return max(1, round(seconds * RATE_HZ / WINDOW))

        # Audio comes in records of 0.5 s, so a tick asked for at 1.0 s would wait for the second record after
        # it by a few ms of pad; a window less than asked is never late.
        return Rules(
            start=self.start,
            stop=self.stop,
            voiced=windows(self.min_speech_s),
            silence=windows(self.min_silence_s),
            pad=round(self.pad_s * RATE_HZ / WINDOW),
            longest=windows(self.max_length_s),
            tick=int(self.tick_s * RATE_HZ / WINDOW),
        )


class Voice(Protocol):
    """A model of voice activity."""

    @property
    def model(self) -> Model:
        """Its name, version and weights."""
        ...

    def __call__(self, windows: NDArray[np.float32], memory: bytes) -> tuple[Sequence[float], bytes]:
        """Probabilities of voice in windows of CONTEXT + WINDOW samples (n, 576) in -1 … 1, and what the model
        remembers after them. Empty memory is the begin of a stream.
        """
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """An audio record whose samples are still held: sample numbers `begin` to `end` (not included)."""

    begin: int
    end: int
    ref: Ref


@dataclass(frozen=True, slots=True)
class State:
    """Where the cutting stands. Samples are counted from stream time `origin_us` (None before the first).

    pcm: samples from number `held` to the latest. memory: what the model remembers. said_us: the watermark.
    """

    origin_us: int | None = None
    held: int = 0
    pcm: bytes = b""
    memory: bytes = b""
    cutter: Cutter = Cutter()  # noqa: RUF009 (frozen)
    pieces: tuple[Piece, ...] = ()
    said_us: int = 0

    @property
    def count(self) -> int:
        """How many samples have come since `origin_us`."""
        return self.held + len(self.pcm) // 2


class Utterances:
    """Fold of audio into utterances. Time is counted in samples from the first record on; where the records'
    own times and that count part by more than `gap_s`, what is open is closed and the count starts anew.
    """

    state = State

    def __init__(self, voice: Voice, config: Config | None = None) -> None:
        self.voice = voice
        self.config = config if config is not None else Config()
        self.rules = self.config.rules()

    @property
    def model(self) -> Model:
        """The model of voice activity."""
        return self.voice.model

    def start(self, stream_id: str, session_id: str) -> State:  # noqa: ARG002 (the same for every session)
        """Nothing heard yet."""
        return State()

    def step(self, state: State, item: Item[Audio]) -> tuple[State, Sequence[Utterance | Rejected]]:
        """The spans that are certain after one more audio record."""
        audio = item.record
        if audio.rate_hz != RATE_HZ or len(audio.pcm) % 2:
            why = f"audio must be 16-bit mono at {RATE_HZ} Hz, got {len(audio.pcm)} bytes at {audio.rate_hz} Hz"
            return state, (Rejected(why),)
        said: list[Utterance] = []
        if state.origin_us is not None:
            drift_us = audio.pts_us - time_us(state, state.count)
            if abs(drift_us) > self.config.gap_s * 1_000_000:
                said += self._close(state)
                state = replace(State(), said_us=said[-1].watermark_us if said else state.said_us)
        if state.origin_us is None:
            # Time that has been told stays told, also where a source says the same time twice.
            state = replace(state, origin_us=max(audio.pts_us, state.said_us))
        count = state.count
        piece = Piece(count, count + len(audio.pcm) // 2, item.ref)
        state = replace(state, pcm=state.pcm + audio.pcm, pieces=(*state.pieces, piece))
        chances, memory = self._listen(state)
        cutter, spans = cut.feed(state.cutter, chances, self.rules)
        said += [self._record(state, span) for span in spans]
        state = replace(state, cutter=cutter, memory=memory)
        return self._forget(state), tuple(said)

    def finish(self, state: State, pts_us: int) -> Sequence[Utterance]:  # noqa: ARG002 (samples count time here)
        """What is open, up to the last sample."""
        return self._close(state) if state.origin_us is not None else ()

    def _listen(self, state: State) -> tuple[Sequence[float], bytes]:
        """Probabilities of the whole windows that the cutter has not had yet."""
        samples = samples_of(state.pcm)
        begin = state.cutter.count * WINDOW
        fresh = (state.count - begin) // WINDOW
        if fresh == 0:
            return (), state.memory
        window = samples[begin - state.held : begin - state.held + fresh * WINDOW]
        if int(np.abs(window.astype(np.int32)).max()) <= self.config.digital_silence:
            return (0.0,) * fresh, b""
        low = max(0, begin - CONTEXT - state.held)
        before = samples[low : begin - state.held] if state.memory else samples[:0]
        whole = np.zeros(CONTEXT + fresh * WINDOW, np.float32)
        whole[CONTEXT - len(before) : CONTEXT] = before
        whole[CONTEXT:] = window
        whole /= 32768.0
        windows = np.lib.stride_tricks.sliding_window_view(whole, CONTEXT + WINDOW)[::WINDOW]
        return self.voice(np.ascontiguousarray(windows), state.memory)

    def _record(self, state: State, span: Span, end: int | None = None) -> Utterance:
        """A span as a record; `end` is its last sample where that is not a window's."""
        begin, end = span.begin * WINDOW, span.end * WINDOW if end is None else end
        start_us, end_us = time_us(state, begin), time_us(state, end)
        used = [p.ref for p in state.pieces if p.begin < end and p.end > begin]
        told = Utterance(
            pts_us=start_us,
            watermark_us=end_us,
            start_us=start_us,
            end_us=end_us,
            rate_hz=RATE_HZ,
            first=used[0] if used else None,
            last=used[-1] if used else None,
        )
        if not span.speech:
            return told
        pcm = state.pcm[2 * (begin - state.held) : 2 * (end - state.held)]
        samples = samples_of(pcm)
        return replace(
            told,
            speech=True,
            cut=span.cut,
            pcm=pcm,
            loudness_db=rms_db(samples),
            peak_db=peak_db(samples),
            pitch_hz=median_pitch_hz(samples, RATE_HZ),
        )

    def _close(self, state: State) -> list[Utterance]:
        """All that is left, up to the last sample: the part of a window at the end goes with the last span."""
        spans = cut.finish(state.cutter, self.rules)
        said = [self._record(state, span) for span in spans[:-1]]
        if spans:
            return [*said, self._record(state, spans[-1], state.count)]
        rest = Span(state.cutter.told, state.cutter.count)
        return [self._record(state, rest, state.count)] if state.count > rest.begin * WINDOW else []

    def _forget(self, state: State) -> State:
        """Without the sound that no coming utterance can hold, and the places of records that are told."""
        held = max(state.held, state.cutter.earliest(self.rules) * WINDOW - CONTEXT)
        told = state.cutter.told * WINDOW
        return replace(
            state,
            held=held,
            pcm=state.pcm[2 * (held - state.held) :],
            pieces=tuple(p for p in state.pieces if p.end > told),
            said_us=time_us(state, told),
        )


def time_us(state: State, sample: int) -> int:
    """Stream time of a sample number, rounded down."""
    return (state.origin_us or 0) + sample * 1_000_000 // RATE_HZ
