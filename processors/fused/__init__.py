"""Station `fused`: tracks, emotions, speech and sounds in, one record per window of stream time out."""

from processors.fused.core import Config, Fuse

__all__ = ["Config", "Fuse", "build"]


def build(config: Config, shelf: object) -> Fuse:  # noqa: ARG001 (all stations are built alike; this one has no weights)
    """The station; it takes nothing from the shelf."""
    return Fuse(config)
