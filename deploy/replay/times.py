"""Stream times as people type them."""

import re

CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)s?")


class BadTime(ValueError):
    """What was typed is no stream time; the message says how one looks."""


def stream_us(text: str) -> int:
    """Microseconds since the session's beginning: `83.5`, `1:23.5` and `0:01:23.5` are the same. BadTime else."""
    found = CLOCK.fullmatch(text.strip())
    if found is None:
        raise BadTime(f"{text!r} is no stream time: give seconds (83.5) or minutes and seconds (1:23.5)")
    hours, minutes, rest = (float(part or 0) for part in found.groups())
    return round((hours * 3600 + minutes * 60 + rest) * 1e6)
