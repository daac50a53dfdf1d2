"""Listeners: YAMNet (521 kinds of sounds), and rules that know applause alone."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from processors.levels import Samples, rms_db
from processors.sounds.core import RATE_HZ, Listened
from schemas.records import Model

FRAME = 512
HOP = 256


@dataclass(frozen=True, slots=True)
class Features:
    """Of one stretch of sound. loudness_db: RMS level. flatness: geometric over arithmetic mean of the mean
    spectrum between 500 and 7000 Hz (1: noise, 0: a tone). spread_db: standard deviation over frames of 32 ms of
    the level in that band.
    """

    loudness_db: float
    flatness: float
    spread_db: float


def features(samples: Samples) -> Features:
    """Loudness and shape of at least one frame of sound; silence is as flat as can be and does not vary."""
    if len(samples) < FRAME:
        return Features(rms_db(samples), 0.0, 0.0)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP].astype(np.float64) / 32768.0
    power: NDArray[np.float64] = np.abs(np.fft.rfft(frames * np.hanning(FRAME))) ** 2 + 1e-12
    hz = np.arange(FRAME // 2 + 1) * RATE_HZ / FRAME
    band = power[:, (hz >= 500.0) & (hz <= 7000.0)]
    mean = band.mean(axis=0)
    flatness = float(np.exp(np.log(mean).mean()) / mean.mean())
    return Features(rms_db(samples), flatness, float((10.0 * np.log10(band.mean(axis=1))).std()))


class Rules:
    """Applause by its shape: loud enough, as broad as noise, and steady from frame to frame, though not as steady
    as a fan or rain; and that for a second at least. Nothing else is claimed.

    On the shared clips applause has a flatness of 0.09 … 0.30 and a spread of 1.2 … 4 dB; speech spreads by 5 dB
    and more, music is less flat than 0.02, and white noise spreads by 0.4 dB.
    """

    before = 0
    model = Model(name="rules", version="1")
    SUSTAINED_S = 1.0

    def __call__(self, samples: Samples, fresh: int, memory: float) -> Listened:
        """`memory` is for how many seconds it has sounded like applause."""
        score = applause(features(samples[len(samples) - fresh :]))
        if score < 0.5:
            return Listened(())
        lasted_s = memory + fresh / RATE_HZ
        return Listened((("applause", score),) if lasted_s >= self.SUSTAINED_S else (), lasted_s)


def applause(sound: Features) -> float:
    """How much a stretch of sound is like applause: the worst of its marks, each 0.5 at its border."""
    marks = (
        (sound.loudness_db + 50.0) / 20.0,
        sound.flatness / 0.12,
        (8.5 - sound.spread_db) / 8.0,
        sound.spread_db / 1.4,
    )
    return max(0.0, min(1.0, *marks))


class Yamnet:
    """YAMNet by LiteRT on one thread: 3 ms of CPU a second. It hears 0.975 s that end with the record; of a longer
    record it hears such windows every half second, and each class gets its best score.
    """

    WINDOW = 15600
    HOP = 8000
    before = WINDOW - HOP

    def __init__(self, weights: Path, labels: Path, model: Model) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise RuntimeError("YAMNet needs LiteRT: install framelog[sounds]") from error
        with labels.open(newline="", encoding="utf-8") as file:
            self._labels = [row["display_name"] for row in csv.DictReader(file)]
        self._interpreter = Interpreter(str(weights), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        if (found := int(self._output["shape"][-1])) != len(self._labels):
            raise ValueError(f"{weights.name} knows {found} classes, {labels.name} names {len(self._labels)}")
        self.model = model

    def __call__(self, samples: Samples, fresh: int, memory: float) -> Listened:
        """Scores of all classes; nothing is remembered."""
        heard = samples.astype(np.float32) / 32768.0
        ends = range(len(heard), len(heard) - max(fresh, 1), -self.HOP)
        best = np.max([self._scores(heard[max(0, end - self.WINDOW) : end]) for end in ends], axis=0)
        return Listened(tuple(zip(self._labels, best.tolist(), strict=True)), memory)

    def _scores(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = np.pad(window, (self.WINDOW - len(window), 0))
        self._interpreter.set_tensor(self._input["index"], padded.reshape(self._input["shape"]))
        self._interpreter.invoke()
        scores: NDArray[np.float32] = self._interpreter.get_tensor(self._output["index"]).reshape(-1)
        return scores.copy()
