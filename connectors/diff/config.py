"""What can be set about comparing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """When two things are the same thing, and when it counts as changed.

    box_overlap: two boxes of a frame are the same thing from this intersection over union on.
    box_moved: the same thing has moved below this intersection over union.
    rescored: a score has changed from this difference on.
    track_overlap: two tracks are the same from this share on: their boxes' common area over frames.
    track_share: a track has been split if a second one carries at least this share of its frames.
    time_overlap: two spans of time are the same from this intersection over union on.
    time_moved_s: a span has moved if its begin or end differs by more.
    word_moved_s: a word has moved if its begin or end differs by more.
    word_rescored: a word's confidence has changed from this difference on.
    feeling_moved: valence or arousal has changed from this difference on.
    loudness_moved_db: a window's or half second's loudness has changed from this difference on.
    pause_s: words are aligned within stretches of speech; one ends where neither run hears speech for so long.
    stretch_s: a stretch of speech is cut where an utterance begins after so long.
    examples: most examples kept of each noun.
    apart_s: of examples that are closer in time, only the largest is kept.
    """

    box_overlap: float = 0.5
    box_moved: float = 0.9
    rescored: float = 0.1
    track_overlap: float = 0.3
    track_share: float = 0.1
    time_overlap: float = 0.3
    time_moved_s: float = 0.5
    word_moved_s: float = 0.3
    word_rescored: float = 0.2
    feeling_moved: float = 0.2
    loudness_moved_db: float = 3.0
    pause_s: float = 0.5
    stretch_s: float = 120.0
    examples: int = 12
    apart_s: float = 1.0
