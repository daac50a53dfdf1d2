"""Sounds: loudness, silence and kinds of sounds."""

from processors.choices import choose
from processors.shelf import Shelf
from processors.sounds.core import Config, Listener, SoundsStation
from processors.sounds.models import Rules, Yamnet

__all__ = ["Config", "build"]

WEIGHTS, LABELS = "yamnet.tflite", "yamnet_class_map.csv"


def build(config: Config, shelf: Shelf) -> SoundsStation:
    """The station with the listener that `config` and `shelf` allow. ValueError for a backend that there is not,
    FileNotFoundError where the backend asked for by name has no weights, RuntimeError where it lacks its package.
    """
    return SoundsStation(_listener(config, shelf), config)


def _listener(config: Config, shelf: Shelf) -> Listener:
    match config.backend or choose("sounds", shelf).backend:
        case "yamnet":
            weights, labels = shelf.find(WEIGHTS), shelf.find(LABELS)
            if weights is None or labels is None:
                why = shelf.missing(WEIGHTS) or shelf.missing(LABELS)
                raise FileNotFoundError(f"sounds backend yamnet: {why}")
            return Yamnet(weights, labels, shelf.model(WEIGHTS))
        case "rules":
            return Rules()
        case other:
            raise ValueError(f"sounds backend {other!r} is none of yamnet, rules")
