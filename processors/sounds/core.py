"""What is heard in each audio record: how loud it is, since when it is silent, and which sounds there are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from processors.levels import Samples, peak_db, rms_db, samples_of
from processors.station import Item, Rejected
from schemas.records import Audio, Model, Score, Sounds

RATE_HZ = 16000
BLOCK = RATE_HZ // 10  # silence begins and ends at tenths of a second


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of the sounds station.

    silence_db: a tenth of a second below it may begin silence; sound_db: one above it ends silence.
    min_silence_s: silence is told once it is this long.
    least_score: a class below it is not told; most_classes: how many are told at most.
    gap_s: where sound is missing or doubled by more than this, what was heard before is forgotten.
    digital_silence: samples up to this size are no sound at all; the model is not asked about them.
    backend: yamnet or rules; empty takes the best that the profile and the shelf allow.
    """

    silence_db: float = -50.0
    sound_db: float = -45.0
    min_silence_s: float = 1.0
    least_score: float = 0.2
    most_classes: int = 5
    gap_s: float = 0.1
    digital_silence: int = 1
    backend: str = ""

    def __post_init__(self) -> None:
        if self.silence_db > self.sound_db:
            raise ValueError(f"silence_db {self.silence_db} must not lie above sound_db {self.sound_db}")


@dataclass(frozen=True, slots=True)
class Listened:
    """Scores by label, and what the listener remembers for the next record."""

    scores: tuple[tuple[str, float], ...]
    memory: float = 0.0


class Listener(Protocol):
    """Tells kinds of sounds apart."""

    @property
    def model(self) -> Model:
        """Its name, version and weights."""
        ...

    @property
    def before(self) -> int:
        """How many samples before the record it wants to hear too."""
        ...

    def __call__(self, samples: Samples, fresh: int, memory: float) -> Listened:
        """Scores (0 … 1) of the last `fresh` samples; `before` more lie in front of them, zeros at the begin of
        a stream. `memory` is what it remembered after the record before, 0 at first.
        """
        ...


@dataclass(frozen=True, slots=True)
class State:
    """next_us: where the next record should begin. tail: samples the listener wants to hear again. quiet_us: since
    when it is quiet, None while it is not. memory: the listener's.
    """

    next_us: int | None = None
    tail: bytes = b""
    quiet_us: int | None = None
    memory: float = 0.0


class SoundsStation:
    """Fold of audio into what is heard: one record for each."""

    state = State

    def __init__(self, listener: Listener, config: Config | None = None) -> None:
        self.listener = listener
        self.config = config if config is not None else Config()

    @property
    def model(self) -> Model:
        """The listener's."""
        return self.listener.model

    def start(self, stream_id: str, session_id: str) -> State:  # noqa: ARG002 (the same for every session)
        """Nothing heard yet."""
        return State()

    def step(self, state: State, item: Item[Audio]) -> tuple[State, Sequence[Sounds | Rejected]]:
        """What is heard in one more record."""
        audio = item.record
        if audio.rate_hz != RATE_HZ or len(audio.pcm) % 2:
            why = f"audio must be 16-bit mono at {RATE_HZ} Hz, got {len(audio.pcm)} bytes at {audio.rate_hz} Hz"
            return state, (Rejected(why),)
        if state.next_us is not None and abs(audio.pts_us - state.next_us) > self.config.gap_s * 1_000_000:
            state = State()
        samples = samples_of(audio.pcm)
        end_us = audio.pts_us + len(samples) * 1_000_000 // RATE_HZ
        quiet_us = self._quiet_since(state.quiet_us, samples, audio.pts_us)
        silent = quiet_us is not None and end_us - quiet_us >= self.config.min_silence_s * 1_000_000
        state, classes = self._listen(replace(state, next_us=end_us, quiet_us=quiet_us), samples)
        return state, (
            Sounds(
                pts_us=audio.pts_us,
                watermark_us=end_us,
                start_us=audio.pts_us,
                end_us=end_us,
                loudness_db=rms_db(samples),
                peak_db=peak_db(samples),
                silence=silent,
                silence_since_us=quiet_us if silent else None,
                classes=classes,
                audio=item.ref,
            ),
        )

    def finish(self, state: State, pts_us: int) -> Sequence[Sounds]:  # noqa: ARG002 (nothing is held back)
        """Nothing: every record had its answer."""
        return ()

    def _quiet_since(self, quiet_us: int | None, samples: Samples, start_us: int) -> int | None:
        for at in range(0, len(samples), BLOCK):
            level_db = rms_db(samples[at : at + BLOCK])
            if quiet_us is None and level_db < self.config.silence_db:
                quiet_us = start_us + at * 1_000_000 // RATE_HZ
            elif quiet_us is not None and level_db > self.config.sound_db:
                quiet_us = None
        return quiet_us

    def _listen(self, state: State, samples: Samples) -> tuple[State, tuple[Score, ...]]:
        before = self.listener.before
        heard = np.concatenate([np.zeros(before, np.int16), samples_of(state.tail), samples])
        heard = heard[len(heard) - len(samples) - before :]
        tail = heard[len(heard) - before :].tobytes() if before else b""
        if len(samples) == 0 or int(np.abs(heard.astype(np.int32)).max()) <= self.config.digital_silence:
            return replace(state, tail=tail, memory=0.0), ()
        listened = self.listener(heard, len(samples), state.memory)
        likely = [Score(label=k, score=s) for k, s in listened.scores if s >= self.config.least_score]
        likely.sort(key=lambda score: (-score.score, score.label))
        return replace(state, tail=tail, memory=listened.memory), tuple(likely[: self.config.most_classes])
