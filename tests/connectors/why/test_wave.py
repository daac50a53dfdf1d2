"""Sound of a stretch: sample by sample what the pieces hold, silence elsewhere."""

import io
import wave

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from connectors.why.wave import Piece, stretch, wav

RATE = 1000  # a sample a millisecond


def test_nothing_heard_is_silence_of_the_right_length() -> None:
    assert stretch([], 0, 3_000, RATE) == bytes(6)
    assert stretch([], 5, 5, RATE) == b""


@given(
    st.lists(st.tuples(st.integers(-20, 40), st.integers(0, 15)), max_size=6),
    st.integers(-10, 30),
    st.integers(0, 30),
)
def test_each_sample_is_that_of_the_piece_that_began_last_before_it(
    made: list[tuple[int, int]], start: int, long: int
) -> None:
    pieces = [
        Piece(at * 1000, RATE, np.full(length, n + 1, "<i2").tobytes())
        for n, (at, length) in enumerate(sorted(made))
    ]
    heard = np.frombuffer(stretch(reversed(pieces), start * 1000, (start + long) * 1000, RATE), "<i2")
    assert len(heard) == long
    for at, sample in enumerate(heard, start):
        said = [n + 1 for n, (begin, length) in enumerate(sorted(made)) if begin <= at < begin + length]
        assert (sample in said) if said else sample == 0


def test_pieces_of_another_rate_and_half_samples_are_left_out() -> None:
    assert stretch([Piece(0, 8000, b"\1\1")], 0, 2_000, RATE) == bytes(4)
    assert stretch([Piece(0, RATE, b"\1\1\2")], 0, 2_000, RATE) == b"\1\1\0\0"


def test_the_file_is_one_that_others_read() -> None:
    with wave.open(io.BytesIO(wav(b"\1\2\3\4", 16_000))) as file:
        assert (file.getframerate(), file.getnchannels(), file.readframes(9)) == (16_000, 1, b"\1\2\3\4")
