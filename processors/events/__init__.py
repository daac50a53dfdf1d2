"""Station `events`: windows in, one statement about each out."""

from processors.events.core import Config, Events
from processors.events.models import Narrator, TemplateNarrator

__all__ = ["Config", "Events", "Narrator", "TemplateNarrator", "build"]


def build(config: Config, shelf: object) -> Events:  # noqa: ARG001 (the narrator takes no weights)
    """The station with the template narrator."""
    return Events(TemplateNarrator(config), config)
