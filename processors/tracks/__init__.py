"""Tracks: objects with identities that hold over frames."""

from processors.shelf import Shelf
from processors.tracks.core import Config, TracksStation

__all__ = ["Config", "build"]


def build(config: Config, shelf: Shelf) -> TracksStation:
    """The station; it needs no weights."""
    del shelf
    return TracksStation(config)
