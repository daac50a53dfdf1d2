"""Speech: the words of utterances."""

from processors.choices import choose
from processors.shelf import Shelf
from processors.speech.core import Config, Recogniser, Recognition
from processors.speech.models import PocketSphinx, Whisper, Zipformer, gpus

__all__ = ["Config", "backend_of", "build"]

ZIPFORMER = "zipformer-en-3.3M"
BACKENDS = ("whisper", "zipformer", "pocketsphinx")


def build(config: Config, shelf: Shelf) -> Recognition:
    """The station with the recogniser that `config` and `shelf` allow. ValueError for a backend that there is
    not, FileNotFoundError where the backend asked for by name has no weights.
    """
    return Recognition(_recogniser(config, shelf))


def backend_of(config: Config, shelf: Shelf) -> str:
    """Which backend `build` takes."""
    if config.backend:
        if config.backend not in BACKENDS:
            raise ValueError(f"speech backend {config.backend!r} is none of {', '.join(BACKENDS)}")
        return config.backend
    if shelf.profile == "gpu" and shelf.find(config.whisper) is not None:
        return "whisper"
    return choose("speech", shelf).backend


def _recogniser(config: Config, shelf: Shelf) -> Recogniser:
    match backend_of(config, shelf):
        case "whisper":
            folder = shelf.find(config.whisper)
            if folder is None:
                raise FileNotFoundError(f"speech backend whisper: {shelf.missing(config.whisper)}")
            device = "cuda" if shelf.profile == "gpu" and gpus() else "cpu"
            return Whisper(folder, shelf.model(config.whisper), config.whisper_beam, config.language, device)
        case "zipformer":
            folder = shelf.find(ZIPFORMER)
            if folder is None:
                raise FileNotFoundError(f"speech backend zipformer: {shelf.missing(ZIPFORMER)}")
            return Zipformer(folder, shelf.model(ZIPFORMER), config.beam)
        case _:
            return PocketSphinx()
