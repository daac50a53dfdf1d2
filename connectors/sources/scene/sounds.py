"""The sound of the rendered scene: a hushed room, synthesised speech, applause made of single claps."""

import numpy as np
from numpy.typing import NDArray

from connectors.sources.scene.script import SENTENCES, WORD, Script
from connectors.sources.scene.voice import speak

ROOM_LEVEL = 5  # standard deviation of the room's hiss: -76 dB of full scale
PAUSE_S = 0.35
SPEECH_PEAK = 0.6
PEOPLE = 150
CLAP_S = 0.05
ATTACK_S, DECAY_S = 0.001, 0.006
PALMS_HZ = (1050.0, 2600.0)  # where a pair of palms resonates, by how they meet
RESONANCE = 2.5
HALL_S, HALL_LEVEL = 0.3, 0.01
APPLAUSE_LEVEL = 2600.0  # -22 dB of full scale


def sound_track(script: Script) -> tuple[NDArray[np.int16], int]:
    """All samples of the scene (mono) and their rate in Hz; RuntimeError where espeak-ng is missing."""
    spoken, rate_hz = speak([*SENTENCES, WORD])
    rng = np.random.default_rng(20)
    track = rng.normal(0.0, ROOM_LEVEL, round(script.end_s * rate_hz))
    at = round(script.speech_s * rate_hz)
    for sentence in spoken[:-1]:
        at = _put(track, sentence, at) + round(PAUSE_S * rate_hz)
    _put(track, spoken[-1], round(script.word_s * rate_hz))
    for part in script.parts:
        if part.applause:
            begin, end = round(part.begin_s * rate_hz), round(part.end_s * rate_hz)
            track[begin:end] += applause(end - begin, rate_hz, rng)
    return np.clip(track, -32768, 32767).astype(np.int16), rate_hz


def applause(count: int, rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """`count` samples of people who clap three to five times a second, each with palms of their own, in a hall.

    A clap is noise through the palms' resonance. Of 140 crowds tried at random, such ones were applause to YAMNet
    too (score 0.7); fewer hands or a louder hall sound like fireworks and engines to it.
    """
    size = round(CLAP_S * rate_hz)
    time_s, hz = np.arange(size) / rate_hz, np.fft.rfftfreq(size, 1 / rate_hz)
    envelope = np.exp(-time_s / DECAY_S) * (1 - np.exp(-time_s / ATTACK_S))
    sound = np.zeros(count + size)
    for _ in range(PEOPLE):
        palms_hz, level, period_s = rng.uniform(*PALMS_HZ), rng.uniform(0.15, 1.0) ** 1.5, rng.uniform(0.19, 0.32)
        detuned = hz / palms_hz - palms_hz / np.maximum(hz, 1.0)
        palms = 1 / np.sqrt(1 + (RESONANCE * detuned) ** 2) + 0.08
        at_s = rng.uniform(0.0, period_s)
        while (at := int(at_s * rate_hz)) < count:
            noise = np.fft.rfft(rng.normal(0.0, 1.0, size) * envelope)
            sound[at : at + size] += level * rng.uniform(0.7, 1.0) * np.fft.irfft(noise * palms, size)
            at_s += period_s * rng.normal(1.0, 0.06)
    sound = _in_hall(sound, rate_hz, rng)[:count]
    fade = np.minimum(1.0, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.1 * rate_hz))
    return sound * fade * (APPLAUSE_LEVEL / max(1e-9, float(sound.std())))


def _in_hall(sound: NDArray[np.float64], rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """With an echo that dies away, the high notes first."""
    count = round(3 * HALL_S * rate_hz)
    echo = rng.normal(0.0, HALL_LEVEL, count) * np.exp(-np.arange(count) / (HALL_S * rate_hz))
    hz = np.fft.rfftfreq(count, 1 / rate_hz)
    echo = np.fft.irfft(np.fft.rfft(echo) / (1 + (hz / 3000.0) ** 2), count)
    echo[0] += 1.0
    size = 2 ** (len(sound) + count).bit_length()
    whole: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo, size), size)
    return whole[: len(sound)]


def _put(track: NDArray[np.float64], samples: NDArray[np.int16], at: int) -> int:
    """Speech into the track at a sample number, at an even level; says where it ends."""
    end = min(len(track), at + len(samples))
    peak = max(1, int(np.abs(samples.astype(np.int32)).max(initial=0)))
    track[at:end] += samples[: end - at] * (SPEECH_PEAK * 32767.0 / peak)
    return end
