"""Whether all of it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the platform: whether it works, since when not, and what to do."""

    name: str
    ok: bool
    since: str | None
    why: str
    do: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether all parts work."""

    ready: bool
    parts: list[Part]
