"""Words out of utterances: a record for each. Where nobody spoke the model is not asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from processors.station import Item, Rejected
from schemas.records import Model, Speech, Utterance, Word


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of the speech station.

    backend: whisper, zipformer or pocketsphinx; empty takes the best that the profile and the shelf allow.
    whisper: folder of CTranslate2 Whisper weights on the shelf. The gpu profile takes it where it is there, the
        cpu profile only if `backend` says whisper, since a Whisper worth having needs a second of CPU per second.
    language: language that whisper is to hear, as ISO 639-1 code; empty lets it find out.
    beam: hypotheses kept while searching. whisper_beam: the same for whisper.
    """

    backend: str = ""
    whisper: str = "faster-whisper-large-v3-turbo"
    language: str = ""
    beam: int = 8
    whisper_beam: int = 5


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word with its time in seconds since the sound's begin, and how sure the model is (0 … 1)."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recogniser understood. `text` is as it gives it, words in order."""

    text: str = ""
    words: tuple[HeardWord, ...] = ()
    language: str = ""


class Recogniser(Protocol):
    """A model that turns the sound of an utterance into words. Each call stands alone: the same sound gives the
    same words, whatever came before.
    """

    @property
    def model(self) -> Model:
        """Its name, version and weights."""
        ...

    def __call__(self, samples: NDArray[np.int16], rate_hz: int) -> Heard:
        """Words of one utterance, mono."""
        ...


class Recognition:
    """Map of utterances to their words."""

    def __init__(self, recogniser: Recogniser, rate_hz: int = 16000) -> None:
        self.recogniser = recogniser
        self.rate_hz = rate_hz

    @property
    def model(self) -> Model:
        """The recogniser's."""
        return self.recogniser.model

    def __call__(self, batch: Sequence[Item[Utterance]]) -> Sequence[Speech | Rejected]:
        """The words of each utterance, in order; each is heard by itself, so that the batch changes nothing."""
        return [self._words(item.record) for item in batch]

    def _words(self, utterance: Utterance) -> Speech | Rejected:
        heard = Heard()
        if utterance.status == "ok" and utterance.speech:
            if utterance.rate_hz != self.rate_hz or len(utterance.pcm) % 2:
                return Rejected(
                    f"an utterance must be 16-bit mono at {self.rate_hz} Hz, got {utterance.rate_hz} Hz"
                )
            heard = self.recogniser(np.frombuffer(utterance.pcm, "<i2"), utterance.rate_hz)
        return Speech(
            status=utterance.status,
            reason=utterance.reason,
            start_us=utterance.start_us,
            end_us=utterance.end_us,
            utterance_id=utterance.id,
            text=heard.text,
            language=heard.language,
            words=in_stream_time(heard.words, utterance.start_us, utterance.end_us),
            speaker=utterance.speaker,
            loudness_db=utterance.loudness_db,
        )


def in_stream_time(words: Sequence[HeardWord], start_us: int, end_us: int) -> tuple[Word, ...]:
    """Words with stream times: within the utterance, in order, none beginning before the one before it ends."""
    placed: list[Word] = []
    free_us = start_us
    for word in words:
        begin_us = min(max(start_us + round(word.start_s * 1_000_000), free_us), end_us)
        free_us = min(max(start_us + round(word.end_s * 1_000_000), begin_us), end_us)
        sure = min(1.0, max(0.0, word.confidence))
        placed.append(Word(text=word.text, start_us=begin_us, end_us=free_us, confidence=sure))
    return tuple(placed)
