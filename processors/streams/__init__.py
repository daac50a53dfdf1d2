"""Station `streams`: raw records in, notices about the stream itself out."""

from processors.streams.core import Config, Streams

__all__ = ["Config", "Streams", "build"]


def build(config: Config, shelf: object) -> Streams:  # noqa: ARG001 (all stations are built alike; this one has no weights)
    """The station; it takes nothing from the shelf."""
    return Streams(config)
