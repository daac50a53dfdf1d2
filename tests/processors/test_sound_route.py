"""Audio through utterances, sounds and speech as the offline shell runs them: by bytes, with ids and end marks."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from processors import sounds, speech, utterances
from processors.offline import decode_local, run_offline, stored
from processors.shelf import Shelf
from schemas.records import Audio, Sounds, Speech, Utterance
from tests.sound import RATE_HZ, audio_items, samples_from
from topics import catalog as c

pytestmark = pytest.mark.media
Said = dict[str, list[bytes]]


def cores(shelf: Shelf) -> dict[str, Any]:
    return {
        "utterances": utterances.build(utterances.Config(), shelf),
        "sounds": sounds.build(sounds.Config(), shelf),
        "speech": speech.build(speech.Config(), shelf),
    }


@pytest.fixture(scope="module")
def shelf(testdata: Path) -> Shelf:
    return Shelf("cpu", testdata / "models")


@pytest.fixture(scope="module")
def raw(testdata: Path) -> Any:
    words = samples_from(testdata / "audio/jfk.flac")
    claps = samples_from(testdata / "video/vl_applausing.mp4")
    audio = [i.record for i in audio_items(np.concatenate([words, np.zeros(3 * RATE_HZ, np.int16), claps]))]
    end = Audio(stream_id="cam", session_id="one", seq=len(audio), pts_us=len(audio) * 500_000, end=True)
    return {c.AUDIO: stored(c.AUDIO, [*audio, end])}


@pytest.fixture(scope="module")
def said(raw: Any, shelf: Shelf) -> Said:
    return run_offline(raw, cores(shelf))


def test_twice_the_same_bytes(raw: Any, shelf: Shelf, said: Said) -> None:
    assert run_offline(raw, cores(shelf)) == said


@pytest.mark.parametrize("topic", [c.UTTERANCES, c.SOUNDS, c.SPEECH], ids=str)
def test_records_are_dense_in_order_and_end_once(topic: Any, said: Said) -> None:
    records: list[Any] = [decode_local(value, topic) for value in said[topic.noun]]
    assert [r.seq for r in records] == list(range(len(records)))
    assert [r.end for r in records] == [False] * (len(records) - 1) + [True]
    assert all(a.pts_us <= b.pts_us and a.watermark_us <= b.watermark_us for a, b in pairwise(records))
    assert all(r.pts_us <= r.watermark_us and r.model.name and r.status == "ok" for r in records[:-1])
    assert len({r.id for r in records}) == len(records)


def test_speech_answers_each_utterance_at_its_seq(said: Said) -> None:
    asked = [u for v in said["utterances"] if isinstance(u := decode_local(v, c.UTTERANCES), Utterance)]
    answers = [s for v in said["speech"] if isinstance(s := decode_local(v, c.SPEECH), Speech)]
    assert [(s.seq, s.utterance_id, s.pts_us) for s in answers[:-1]] == [
        (u.seq, u.id, u.pts_us) for u in asked[:-1]
    ]
    assert all(bool(s.words) <= u.speech for u, s in zip(asked, answers, strict=True))
    for s in answers:
        assert all(s.start_us <= w.start_us <= w.end_us <= s.end_us for w in s.words)
        assert " ".join(w.text for w in s.words) == s.text
    assert "country" in " ".join(s.text for s in answers)


def test_sounds_hear_applause_after_the_silence(said: Said) -> None:
    heard = [s for v in said["sounds"] if isinstance(s := decode_local(v, c.SOUNDS), Sounds)]
    silent = [s for s in heard if s.silence]
    claps = [s for s in heard if any(k.label == "Applause" for k in s.classes)]
    assert {s.silence_since_us for s in silent} == {11_000_000}
    assert silent[-1].pts_us < claps[0].pts_us < 16_000_000
    assert len(claps) >= 12
