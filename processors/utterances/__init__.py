"""Utterances: speech cut at pauses, out of audio."""

from processors.utterances.core import Config, Utterances
from processors.utterances.models import Silero


def build(config: Config, shelf: object) -> Utterances:  # noqa: ARG001 (its model comes in a wheel, in every profile)
    """The station with its model."""
    return Utterances(Silero(), config)
