"""Station `highlights`: windows and events in, moments worth seeing out."""

from processors.highlights.core import Config, Highlights

__all__ = ["Config", "Highlights", "build"]


def build(config: Config, shelf: object) -> Highlights:  # noqa: ARG001 (all stations are built alike; this one has no weights)
    """The station; it takes nothing from the shelf."""
    return Highlights(config)
