"""Emotions: what each person whose face is seen feels."""

from processors.emotions.core import Config, EmotionsStation
from processors.shelf import Shelf

__all__ = ["Config", "build"]


def build(config: Config, shelf: Shelf) -> EmotionsStation:
    """The station; it needs no weights."""
    del shelf
    return EmotionsStation(config)
