"""How loud a stretch of 16-bit sound is, in dB of full scale, by exact integer sums: equal input, equal bits."""

import math

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

FLOOR_DB = -100.0
FULL_SCALE = 32768.0


def samples_of(pcm: bytes) -> Samples:
    """Signed 16-bit little-endian bytes as samples; ValueError where the bytes are not whole samples."""
    return np.frombuffer(pcm, dtype="<i2")


def rms_db(samples: Samples) -> float:
    """RMS level, a full-scale square wave being 0; not below -100, which is also the level of no samples."""
    if len(samples) == 0:
        return FLOOR_DB
    # Squares of 16-bit samples fit 2^30, so an int64 holds the sum of 2^33 of them exactly.
    wide = samples.astype(np.int64)
    return _db(math.sqrt(int(wide @ wide) / len(samples)) / FULL_SCALE)


def peak_db(samples: Samples) -> float:
    """Level of the largest sample; not below -100."""
    if len(samples) == 0:
        return FLOOR_DB
    return _db(int(np.abs(samples.astype(np.int32)).max()) / FULL_SCALE)


def _db(amplitude: float) -> float:
    return max(FLOOR_DB, 20.0 * math.log10(amplitude)) if amplitude > 0.0 else FLOOR_DB
