from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from processors.shelf import Shelf
from processors.speech import Config, backend_of, build
from processors.speech.core import Heard, HeardWord, Recognition, in_stream_time
from processors.speech.models import words_of_pieces
from processors.station import Item, Rejected
from schemas.records import Model, Ref, Utterance

REF = Ref(topic="framelog.utterances", partition=0, offset=0)


class Parrot:
    """Says how many samples it heard, and counts how often it was asked."""

    model = Model(name="parrot")

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, samples: NDArray[np.int16], rate_hz: int) -> Heard:
        self.asked += 1
        word = HeardWord(str(len(samples)), 0.1, len(samples) / rate_hz, 0.5)
        return Heard(word.text, (word,), "en")


def utterance(**fields: object) -> Item[Utterance]:
    spoken = Utterance(
        id="u1",
        speech=True,
        start_us=5_000_000,
        end_us=6_000_000,
        pcm=bytes(32000),
        loudness_db=-20.0,
        speaker="s1",
    )
    return Item(replace(spoken, **fields), REF)  # type: ignore[arg-type]


def test_nothing_gives_nothing() -> None:
    assert list(Recognition(Parrot())([])) == []


def test_where_nobody_spoke_the_model_is_not_asked() -> None:
    parrot = Parrot()
    (said,) = Recognition(parrot)([utterance(speech=False, pcm=b"")])
    assert not isinstance(said, Rejected)
    assert (said.status, said.text, said.words, said.language) == ("ok", "", (), "")
    assert (said.start_us, said.end_us, said.utterance_id) == (5_000_000, 6_000_000, "u1")
    assert parrot.asked == 0


def test_words_lie_in_stream_time_and_the_utterance_is_named() -> None:
    (said,) = Recognition(Parrot())([utterance()])
    assert not isinstance(said, Rejected)
    assert (said.text, said.language, said.utterance_id, said.speaker) == ("16000", "en", "u1", "s1")
    assert [(w.start_us, w.end_us, w.confidence) for w in said.words] == [(5_100_000, 6_000_000, 0.5)]
    assert said.loudness_db == -20.0


def test_the_batch_keeps_order_and_changes_nothing() -> None:
    batch = [utterance(), utterance(speech=False, pcm=b""), utterance(pcm=bytes(8000)), utterance(rate_hz=8000)]
    alone = [Recognition(Parrot())([item])[0] for item in batch]
    assert list(Recognition(Parrot())(batch)) == alone
    assert isinstance(alone[3], Rejected)


def test_an_utterance_that_was_rejected_stays_without_words() -> None:
    parrot = Parrot()
    (said,) = Recognition(parrot)([utterance(status="rejected", reason="odd")])
    assert not isinstance(said, Rejected)
    assert (said.status, said.reason, said.text, parrot.asked) == ("rejected", "odd", "", 0)


@given(st.lists(st.tuples(st.floats(-1, 30), st.floats(-1, 30), st.floats(-0.5, 1.5)), max_size=8))
def test_words_never_leave_the_utterance_and_never_overlap(raw: list[tuple[float, float, float]]) -> None:
    words = in_stream_time([HeardWord("w", a, b, c) for a, b, c in raw], 3_000_000, 11_000_000)
    borders = [3_000_000, *(t for w in words for t in (w.start_us, w.end_us)), 11_000_000]
    assert borders == sorted(borders)
    assert all(0.0 <= w.confidence <= 1.0 for w in words)


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([], []),
        ([(" A", 0.5, 0.0)], [("a", 0.4, 0.64)]),
        ([(" FE", 0.5, 0.0), ("LL", 0.6, 0.0), (" OW", 0.7, 0.0)], [("fell", 0.4, 0.6), ("ow", 0.6, 0.84)]),
        ([("LL", 0.05, 0.0), (" ", 0.2, 0.0)], [("ll", 0.0, 0.1)]),
    ],
)
def test_pieces_become_words(
    pieces: list[tuple[str, float, float]], words: list[tuple[str, float, float]]
) -> None:
    made = words_of_pieces(pieces, lead_s=0.1, longest_piece_s=0.24)
    assert [w.text for w in made] == [w[0] for w in words]
    assert [t for w in made for t in (w.start_s, w.end_s)] == pytest.approx([t for w in words for t in w[1:]])
    assert all(w.confidence == 1.0 for w in made)


def test_the_backend_follows_profile_and_shelf(tmp_path: Path) -> None:
    assert backend_of(Config(), Shelf()) == "pocketsphinx"
    assert backend_of(Config(), Shelf("cpu", tmp_path)) == "pocketsphinx"
    assert backend_of(Config(backend="zipformer"), Shelf()) == "zipformer"
    assert backend_of(Config(whisper="mine"), Shelf("gpu", tmp_path)) == "pocketsphinx"
    (tmp_path / "mine").mkdir()
    assert backend_of(Config(whisper="mine"), Shelf("gpu", tmp_path)) == "whisper"
    assert backend_of(Config(whisper="mine"), Shelf("cpu", tmp_path)) == "pocketsphinx"


@pytest.mark.parametrize("backend", ["whisper", "zipformer"])
def test_a_backend_asked_for_by_name_without_its_weights_says_what_is_missing(
    backend: str, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match=f"speech backend {backend}: .*not found"):
        build(Config(backend=backend), Shelf("cpu", tmp_path))


def test_an_unknown_backend_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'vosk' is none of whisper, zipformer, pocketsphinx"):
        backend_of(Config(backend="vosk"), Shelf())
