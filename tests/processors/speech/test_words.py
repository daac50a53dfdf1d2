"""How many words are right, through utterances and speech as the route joins them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from processors import speech, utterances
from processors.shelf import Shelf
from processors.speech.core import Recognition
from processors.station import Item, Rejected
from schemas.records import Ref, Speech
from tests.sound import audio_items, folded, samples_from

pytestmark = pytest.mark.media
REF = Ref(topic="framelog.utterances", partition=0, offset=0)
JFK = (
    "And so my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country."
)  # fmt: skip


def letters(text: str) -> list[str]:
    """Words in lower case without punctuation."""
    kept = "".join(c if c.isalnum() or c == "'" else " " for c in text.lower())
    return kept.split()


def errors(truth: list[str], heard: list[str]) -> int:
    """Fewest words to put in, take out and swap."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(truth, 1):
        before, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (word != other)))
    return row[-1]


@pytest.fixture(scope="module")
def cutter() -> Any:
    return utterances.build(utterances.Config(), Shelf())


def spoken(path: Path, cutter: Any, recognition: Recognition) -> list[Speech]:
    """All that is said in a file."""
    said = [
        Item(replace(u, id=str(i)), REF) for i, u in enumerate(folded(cutter, audio_items(samples_from(path))))
    ]
    heard: list[Speech] = []
    for one in recognition(said):
        assert not isinstance(one, Rejected)
        heard.append(one)
    return heard


def words(heard: list[Speech]) -> list[str]:
    return [w for s in heard for w in letters(s.text)]


def material(testdata: Path, name: str) -> list[tuple[Path, str]]:
    match name:
        case "jfk":
            return [(testdata / "audio/jfk.flac", JFK)]
        case "harvard":
            texts = json.loads((testdata / "audio/harvard/transcripts.json").read_text())
            return [(testdata / f"audio/harvard/{n.removesuffix('.wav')}.wav", text) for n, text in texts.items()]
        case _:
            said = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
            return [(p, said[p.stem.split("-")[4]]) for p in sorted((testdata / "audio/ravdess").rglob("*.wav"))]


# The bare model's word error rates: zipformer's from MANIFEST.md, pocketsphinx's measured over these utterances.
@pytest.mark.parametrize(
    ("backend", "name", "limit"),
    [
        ("zipformer", "jfk", 0.136),
        ("zipformer", "harvard", 0.31),
        ("zipformer", "ravdess", 0.225),
        ("pocketsphinx", "jfk", 0.25),
        ("pocketsphinx", "harvard", 0.35),
    ],
)
def test_words_are_no_worse_than_the_bare_model_s(
    backend: str, name: str, limit: float, testdata: Path, cutter: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    recognition = speech.build(speech.Config(backend=backend), Shelf("cpu", testdata / "models"))
    wrong = total = 0
    for path, text in material(testdata, name):
        truth = letters(text)
        wrong += errors(truth, words(spoken(path, cutter, recognition)))
        total += len(truth)
    with capsys.disabled():
        print(f"\n{backend} on {name}: {wrong} of {total} words wrong, {wrong / total:.3f}")
    assert wrong / total <= limit


@pytest.mark.parametrize(("profile", "least"), [("cpu", 0.8), ("builtin", 0.7)])
def test_words_of_the_livestream(
    profile: Any, least: float, testdata: Path, cutter: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    recognition = speech.build(speech.Config(), Shelf(profile, testdata / "models"))
    heard = spoken(testdata / "video/stream_shared.mp4", cutter, recognition)
    timeline = json.loads((testdata / "video/stream_shared.timeline.json").read_text())
    right = total = 0
    for segment in (s for s in timeline["segments"] if s.get("transcript")):
        truth = letters(segment["transcript"])
        part = [s for s in heard if segment["start"] <= s.start_us / 1e6 < segment["end"]]
        found = sum(w in words(part) for w in truth)
        right, total = right + found, total + len(truth)
        with capsys.disabled():
            print(f"\n{recognition.model.name} {segment['start']:.2f} s: {found} of {len(truth)}: {words(part)}")
    with capsys.disabled():
        print(f"{recognition.model.name}: word recall {right / total:.3f}")
    assert right / total >= least
    for segment in (s for s in timeline["segments"] if not s.get("transcript")):
        inside = [s for s in heard if segment["start"] + 0.3 <= s.start_us / 1e6 < segment["end"] - 0.3]
        assert words(inside) == []


def test_the_lone_word_is_found_where_it_is_spoken(testdata: Path, cutter: Any) -> None:
    recognition = speech.build(speech.Config(), Shelf("cpu", testdata / "models"))
    heard = spoken(testdata / "video/stream_shared.mp4", cutter, recognition)
    (banana,) = [w for s in heard if 85_680_000 < s.start_us < 92_080_000 for w in s.words]
    assert banana.text == "banana"
    assert banana.start_us / 1e6 == pytest.approx(89.65, abs=0.25)
    assert banana.end_us / 1e6 == pytest.approx(90.14, abs=0.25)


@pytest.mark.parametrize("backend", ["pocketsphinx", "zipformer", "whisper"])
def test_each_utterance_is_heard_alike_whatever_came_before(backend: str, testdata: Path, cutter: Any) -> None:
    config = speech.Config(backend=backend, whisper="whisper_memo_ct2")
    shelf = Shelf("cpu", testdata / "models")
    said = [
        Item(u, REF) for u in folded(cutter, audio_items(samples_from(testdata / "audio/jfk.flac"))) if u.speech
    ]
    assert len(said) > 2
    recognition = speech.build(config, shelf)
    forward, backward = recognition(said), recognition(said[::-1])[::-1]
    assert list(forward) == list(backward) == list(speech.build(config, shelf)(said))
    assert any(s.words for s in forward if isinstance(s, Speech))


def test_whisper_s_own_code_path_gives_the_text_that_the_fixture_knows(testdata: Path) -> None:
    config = speech.Config(backend="whisper", whisper="whisper_memo_ct2")
    recognition = speech.build(config, Shelf("cpu", testdata / "models"))
    heard = recognition.recogniser(samples_from(testdata / "audio/harvard/spk2_snt2.wav"), 16000)
    assert heard.text == "Mend the coat before you go out."
    assert " ".join(word.text for word in heard.words) == heard.text
    assert heard.language == "en"
    assert recognition.model.name == "whisper_memo_ct2"
    assert len(recognition.model.sha256) == 64
