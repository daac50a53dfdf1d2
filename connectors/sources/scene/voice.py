"""Synthesised speech by espeak-ng, as PyPI's espeakng-loader carries it; the same sentences give the same samples.

Run as `python -m connectors.sources.scene.voice` it reads sentences as JSON and writes samples: espeak-ng keeps
state from one start to the next (a second start in one process speaks otherwise), so each run has its own.
"""

import ctypes
import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SYNCHRONOUS = 2  # samples come by callback while espeak_Synth runs, nothing is played
DONT_EXIT = 0x8000
CHARACTERS, UTF8 = 1, 1
RATE, PITCH = 1, 3  # numbers of espeak's parameters
WORDS_A_MINUTE, TONE = 145, 45
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
HEAD = struct.Struct("<II")  # rate in Hz, how many sentences; each is its count of samples and the samples
COUNT = struct.Struct("<I")


def speak(sentences: Sequence[str]) -> tuple[list[NDArray[np.int16]], int]:
    """Samples of each sentence (mono) and their rate in Hz. RuntimeError if espeak-ng does not speak."""
    done = subprocess.run(  # noqa: S603 (this very module)
        [sys.executable, "-m", __name__],
        input=json.dumps(list(sentences)).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise RuntimeError(f"espeak-ng does not speak ({last}): install espeakng-loader anew")
    rate_hz, number = HEAD.unpack_from(done.stdout)
    spoken: list[NDArray[np.int16]] = []
    at = HEAD.size
    for _ in range(number):
        (count,) = COUNT.unpack_from(done.stdout, at)
        spoken.append(np.frombuffer(done.stdout, "<i2", count, at + COUNT.size))
        at += COUNT.size + 2 * count
    return spoken, rate_hz


def synthesise(sentences: Sequence[str]) -> tuple[list[bytes], int]:
    """Samples of each sentence as bytes, and their rate; once in a process. RuntimeError if it does not start."""
    import espeakng_loader

    engine = ctypes.CDLL(espeakng_loader.get_library_path())
    data = Path(espeakng_loader.get_data_path())
    rate_hz = int(engine.espeak_Initialize(SYNCHRONOUS, 0, str(data.parent).encode(), DONT_EXIT))
    if rate_hz <= 0:
        raise RuntimeError("espeak-ng did not start with its own data")
    heard: list[bytes] = []

    def take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if count > 0:
            heard.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = CALLBACK(take)
    engine.espeak_SetSynthCallback(callback)
    engine.espeak_SetVoiceByName(b"en-us")
    engine.espeak_SetParameter(RATE, WORDS_A_MINUTE, 0)
    engine.espeak_SetParameter(PITCH, TONE, 0)
    spoken: list[bytes] = []
    for sentence in sentences:
        heard.clear()
        text = sentence.encode()
        engine.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, CHARACTERS, 0, UTF8, None, None)
        engine.espeak_Synchronize()
        spoken.append(b"".join(heard))
    return spoken, rate_hz


def main() -> None:
    """Sentences as a JSON list from stdin, samples to stdout."""
    spoken, rate_hz = synthesise(json.load(sys.stdin))
    parts = [HEAD.pack(rate_hz, len(spoken))]
    for samples in spoken:
        parts += [COUNT.pack(len(samples) // 2), samples]
    sys.stdout.buffer.write(b"".join(parts))


if __name__ == "__main__":
    main()
