"""Notices in plain English."""

from collections.abc import Sequence

NAMES = {"frames": "picture", "audio": "sound", "packets": "packets"}


def _list(nouns: Sequence[str]) -> str:
    names = [NAMES[n] for n in nouns]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _counts(received: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{n} {noun}" for noun, n in received if n) or "nothing"


def started(nouns: Sequence[str], width_px: int, height_px: int) -> str:
    """What media there is, and the picture's size where there is a picture."""
    if not nouns:
        return "The stream started and ended with nothing in it."
    size = f", {width_px}x{height_px}" if width_px else ""
    return f"The stream started with {_list(nouns)}{size}."


def ended(now_us: int, received: Sequence[tuple[str, int]]) -> str:
    """How long it was and what came."""
    return f"The stream ended after {now_us / 1e6:.2f} s: {_counts(received)}."


def progress(mark_us: int, received: Sequence[tuple[str, int]]) -> str:
    """How far it is."""
    return f"At {mark_us / 1e6:.0f} s: {_counts(received)} since the last progress."


def gap(nouns: Sequence[str], missed_us: int) -> str:
    """Which media fell silent."""
    return f"No {_list(nouns)} for {missed_us / 1e6:.1f} s."


def resumed(noun: str, missed_us: int) -> str:
    """Which medium came back."""
    return f"{NAMES[noun].capitalize()} came back after {missed_us / 1e6:.1f} s."


def dropped(noun: str, count: int) -> str:
    """That the source dropped records."""
    return f"The source dropped {count} {noun} because the log could not keep up."
