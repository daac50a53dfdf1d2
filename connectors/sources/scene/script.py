"""What happens when in the rendered scene."""

from dataclasses import dataclass
from typing import Literal

SHORTEST_S = 30.0
SENTENCES = (
    "Good morning everybody, and welcome to this show.",
    "Today we will look at what a camera can see, and what it can hear.",
    "Thank you for coming.",
)
WORD = "Banana."
Shot = Literal["room", "walk", "face", "stage", "leave"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the scene in seconds: what is seen, and whether there is applause."""

    begin_s: float
    end_s: float
    shot: Shot
    applause: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """Parts end to end; speech begins at `speech_s`, the lone word is spoken at `word_s`, else nobody speaks."""

    parts: tuple[Part, ...]
    speech_s: float
    word_s: float

    @property
    def end_s(self) -> float:
        """How long it all takes."""
        return self.parts[-1].end_s

    def at(self, time_s: float) -> Part:
        """The part that a moment lies in; the last one at the end."""
        return next((part for part in self.parts if time_s < part.end_s), self.parts[-1])


def script(seconds: float) -> Script:
    """The scene stretched to a length: an empty room; a figure walks in; a face that is silent and then speaks;
    applause; the figures leave and it is silent; one word. ValueError where the sentences would find no room.
    """
    if seconds < SHORTEST_S:
        raise ValueError(f"the scene needs {SHORTEST_S:.0f} s at least, got {seconds}")
    unit = seconds / 45.0
    speech_s = 16.0 * unit
    # The sentences take 9.5 s, whatever the scene's length.
    stage_s = max(28.0 * unit, speech_s + 9.8)
    leave_s, face_s = stage_s + 5.0 * unit, 41.0 * unit
    return Script(
        parts=(
            Part(0.0, 5.0 * unit, "room"),
            Part(5.0 * unit, 14.0 * unit, "walk"),
            Part(14.0 * unit, stage_s, "face"),
            Part(stage_s, leave_s, "stage", applause=True),
            Part(leave_s, face_s, "leave"),
            Part(face_s, seconds, "face"),
        ),
        speech_s=speech_s,
        word_s=42.0 * unit,
    )
