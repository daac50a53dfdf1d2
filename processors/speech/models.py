"""Recognisers: pocketsphinx (in its wheel), a streaming zipformer by sherpa-onnx, Whisper by faster-whisper."""

import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from processors.speech.core import Heard, HeardWord
from schemas.records import Model

FULL_SCALE = 32768.0


class PocketSphinx:
    """CMU's recogniser with the English model of its wheel: 0.5 s of CPU for a second of speech."""

    FRAME_S = 0.01

    def __init__(self) -> None:
        import pocketsphinx

        # "batch" normalises over the utterance alone, as "live" would not.
        self._decoder = pocketsphinx.Decoder(loglevel="FATAL", cmn="batch")
        self.model = Model(name="pocketsphinx-en-us", version=version("pocketsphinx"))

    def __call__(self, samples: NDArray[np.int16], rate_hz: int) -> Heard:  # noqa: ARG002 (16 kHz is what there is)
        """Words; fillers and noises are left out."""
        # What is left in the feature buffers of the utterance before would move this one's scores.
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(samples.tobytes(), no_search=False, full_utt=True)
        self._decoder.end_utt()
        exp = self._decoder.get_logmath().exp
        words = tuple(
            HeardWord(
                text=part.word.split("(")[0],  # "and(2)" is a way to say "and"
                start_s=part.start_frame * self.FRAME_S,
                end_s=(part.end_frame + 1) * self.FRAME_S,
                confidence=exp(part.prob),
            )
            for part in self._decoder.seg() or ()
            if part.word[0] not in "<["
        )
        return Heard(" ".join(w.text for w in words), words, "en" if words else "")


class Zipformer:
    """A streaming zipformer transducer of sherpa-onnx (English, BPE pieces): 0.02 s of CPU a second.

    `lead_s` and `trail_s` of silence around the sound let it hear the first and the last word: without them,
    or with a second of it, a third more words are wrong (RAVDESS: 0.04 against 0.20).
    """

    LONGEST_PIECE_S = 0.24

    def __init__(self, folder: Path, model: Model, beam: int, lead_s: float = 0.1, trail_s: float = 0.6) -> None:
        import sherpa_onnx

        self._recogniser = sherpa_onnx.OnlineRecognizer.from_transducer(
            tokens=str(folder / "tokens.txt"),
            encoder=str(folder / "encoder.int8.onnx"),
            decoder=str(folder / "decoder.onnx"),
            joiner=str(folder / "joiner.int8.onnx"),
            num_threads=1,
            sample_rate=16000,
            feature_dim=80,
            decoding_method="modified_beam_search",
            max_active_paths=beam,
            enable_endpoint_detection=False,
        )
        self.model = model
        self._lead_s, self._trail_s = lead_s, trail_s

    def __call__(self, samples: NDArray[np.int16], rate_hz: int) -> Heard:
        """Words in lower case (the model knows capitals only)."""
        lead, trail = round(self._lead_s * rate_hz), round(self._trail_s * rate_hz)
        stream = self._recogniser.create_stream()
        stream.accept_waveform(rate_hz, np.pad(samples.astype(np.float32) / FULL_SCALE, (lead, trail)))
        stream.input_finished()
        while self._recogniser.is_ready(stream):
            self._recogniser.decode_stream(stream)
        pieces = list(
            zip(
                self._recogniser.tokens(stream),
                self._recogniser.timestamps(stream),
                self._recogniser.ys_probs(stream),
                strict=True,
            )
        )
        words = words_of_pieces(pieces, self._lead_s, self.LONGEST_PIECE_S)
        return Heard(" ".join(w.text for w in words), words, "en" if words else "")


def words_of_pieces(
    pieces: list[tuple[str, float, float]], lead_s: float, longest_piece_s: float
) -> tuple[HeardWord, ...]:
    """Words out of (piece, time, log probability); a piece that starts with a space begins a word.

    A transducer tells where a piece begins; a word ends where the next begins, or after its last piece.
    Confidence is the geometric mean of its pieces'.
    """
    groups: list[list[tuple[str, float, float]]] = []
    for piece in pieces:
        if piece[0].startswith((" ", "▁")) or not groups:
            groups.append([])
        groups[-1].append(piece)
    words: list[HeardWord] = []
    for i, group in enumerate(groups):
        text = "".join(p[0] for p in group).strip(" ▁").lower()
        end = group[-1][1] + longest_piece_s
        if i + 1 < len(groups):
            end = min(end, groups[i + 1][0][1])
        sure = math.exp(sum(p[2] for p in group) / len(group))
        if text:
            words.append(HeardWord(text, max(0.0, group[0][1] - lead_s), max(0.0, end - lead_s), sure))
    return tuple(words)


class Whisper:
    """Whisper by CTranslate2. Beam search at temperature 0 and nothing carried over, so that the same sound
    gives the same words; on a GPU within rounding.
    """

    def __init__(self, folder: Path, model: Model, beam: int, language: str = "", device: str = "cpu") -> None:
        import faster_whisper

        # int8 on CPU: half the time of float32 at the same words; a GPU computes float16 faster still.
        compute_type = "int8" if device == "cpu" else "float16"
        self._whisper = faster_whisper.WhisperModel(
            str(folder),
            device=device,
            compute_type=compute_type,
            cpu_threads=1,
            num_workers=1,
            local_files_only=True,
        )
        self.model = model
        self._beam, self._language = beam, language or None

    def __call__(self, samples: NDArray[np.int16], rate_hz: int) -> Heard:  # noqa: ARG002 (16 kHz is what it takes)
        """Words with the punctuation that the model writes."""
        segments, info = self._whisper.transcribe(
            samples.astype(np.float32) / FULL_SCALE,
            language=self._language,
            beam_size=self._beam,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        words: list[HeardWord] = []
        texts: list[str] = []
        for segment in segments:
            texts.append(segment.text.strip())
            words += [_heard(word) for word in segment.words or () if word.word.strip()]
        text = " ".join(t for t in texts if t)
        return Heard(text, tuple(words), info.language if text else "")


def gpus() -> int:
    """How many GPUs Whisper's engine can use."""
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def _heard(word: Any) -> HeardWord:
    return HeardWord(word.word.strip(), float(word.start), float(word.end), float(word.probability))
