"""Utterances: speech cut at pauses, out of audio."""

from processors.shelf import Shelf
from processors.utterances.core import Config, Utterances
from processors.utterances.models import Silero

__all__ = ["Config", "build"]


def build(config: Config, shelf: Shelf) -> Utterances:  # noqa: ARG001 (its model comes in a wheel, in every profile)
    """The station with its model."""
    return Utterances(Silero(), config)
