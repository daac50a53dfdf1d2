"""Rules about who is there and how they feel. Each takes what it remembers and a window, and gives both back."""

from dataclasses import dataclass, replace
from math import ceil

from schemas.records import Fused, Hit

UNKNOWN = -1
NUMBERS = (
    "nobody",
    "one person",
    *(f"{n} people" for n in ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]),
)
LOOKS = {"happiness": "happy", "sadness": "sad", "anger": "angry", "fear": "afraid", "disgust": "disgusted",
         "surprise": "surprised", "neutral": "calm", "contempt": "scornful"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PeopleConfig:
    """When people are said to come, go and feel.

    enter_share: share of a window's pictures in which somebody must be seen to have come in; a detector's
        single false box is below it.
    leave_after_s: somebody not seen for this long has left; trackers lose people for a second or two.
    crowd: this many people are a crowd; it is over at crowd_over or fewer.
    crowd_over: see crowd; below crowd, so that one who comes and goes does not make many crowds.
    emotion_score: an emotion below this is not believed.
    emotion_windows: an emotion must prevail in this many windows in a row to be believed.
    emotion_forget_s: after this long without a face, the next emotion is a first one and no change.
    strong_emotion: score from which an emotion is a strong one.
    strong_again_s: the same strong emotion is not told again before this.
    """

    enter_share: float = 0.3
    leave_after_s: float = 3.0
    crowd: int = 5
    crowd_over: int = 3
    emotion_score: float = 0.4
    emotion_windows: int = 2
    emotion_forget_s: float = 5.0
    strong_emotion: float = 0.8
    strong_again_s: float = 20.0

    def __post_init__(self) -> None:
        if not self.crowd_over < self.crowd:
            raise ValueError(f"crowd_over must be below crowd, got {self.crowd_over} and {self.crowd}")


@dataclass(frozen=True, slots=True)
class People:
    """What is remembered of who is there.

    count: people taken to be there, -1 before the first answer. fewer_since_us: since when fewer are seen.
    fewer_most: most seen since. crowded: a crowd is there.
    """

    count: int = UNKNOWN
    fewer_since_us: int | None = None
    fewer_most: int = 0
    crowded: bool = False


@dataclass(frozen=True, slots=True)
class Mood:
    """What is remembered of the prevailing emotion.

    emotion: the one believed, empty where none. candidate, since_us, windows: the one that may follow, since
    when, and in how many windows in a row. seen_us: when a face was seen last. strong, strong_us: the strong
    emotion told last and when.
    """

    emotion: str = ""
    candidate: str = ""
    since_us: int = 0
    windows: int = 0
    seen_us: int = 0
    strong: str = ""
    strong_us: int = 0


def people(n: int) -> str:
    """A number of people in words."""
    return NUMBERS[n] if 0 <= n < len(NUMBERS) else f"{n} people"


def steady_count(fused: Fused, share: float) -> int:
    """People at once, without tracks that were there for less than a share of the window's pictures."""
    if not fused.persons or fused.evidence is None:
        return fused.persons_max
    needed = ceil(len(fused.evidence.tracks) * share)
    return min(fused.persons_max, sum(p.frames >= needed for p in fused.persons))


def watch_people(was: People, fused: Fused, config: PeopleConfig) -> tuple[People, list[Hit]]:
    """person_entered, person_left, scene_empty and crowd. Who is there from the start has not come in."""
    if "tracks" in fused.missing and "emotions" in fused.missing:
        return was, []
    n, at_us = steady_count(fused, config.enter_share), fused.start_us
    if was.count == UNKNOWN:
        return People(n, crowded=n >= config.crowd), []
    if n < was.count:
        since_us = at_us if was.fewer_since_us is None else was.fewer_since_us
        most = max(n, was.fewer_most) if was.fewer_since_us is not None else n
        if fused.end_us - since_us < config.leave_after_s * 1e6:
            return replace(was, fewer_since_us=since_us, fewer_most=most), []
        return People(most, crowded=was.crowded and most > config.crowd_over), _left(was.count, most, since_us)
    hits: list[Hit] = []
    if n > was.count:
        hits.append(_entered(was.count, n, at_us))
    crowded = n >= config.crowd or (was.crowded and n > config.crowd_over)
    if crowded and not was.crowded:
        hits.append(Hit(kind="crowd", score=0.8, at_us=at_us, text=f"a crowd gathers: {people(n)}"))
    return People(n, crowded=crowded), hits


def _entered(before: int, now: int, at_us: int) -> Hit:
    came = now - before
    who = "a person comes in" if came == 1 else f"{people(came)} come in"
    where = " where nobody was" if before == 0 else f", now there are {people(now)}"
    # One more among many is less of an event than the first in an empty room.
    score = 1.0 if before == 0 else min(0.9, 0.3 + 0.6 * came / before)
    return Hit(kind="person_entered", score=score, at_us=at_us, text=who + where)


def _left(before: int, now: int, at_us: int) -> list[Hit]:
    gone = before - now
    who = "a person leaves" if gone == 1 else f"{people(gone)} leave"
    score = 0.7 if now == 0 else min(0.7, 0.2 + 0.5 * gone / before)
    hits = [Hit(kind="person_left", score=score, at_us=at_us, text=who)]
    if now == 0:
        hits.append(Hit(kind="scene_empty", score=0.3, at_us=at_us, text="nobody is left"))
    return hits


def watch_mood(was: Mood, fused: Fused, config: PeopleConfig) -> tuple[Mood, list[Hit]]:
    """emotion_changed and strong_emotion, once an emotion has held long enough to be believed."""
    at_us = fused.start_us
    if not fused.emotion or fused.emotion_score < config.emotion_score:
        forgotten = at_us - was.seen_us > config.emotion_forget_s * 1e6
        kept = (
            Mood(strong=was.strong, strong_us=was.strong_us)
            if forgotten
            else replace(was, candidate="", windows=0)
        )
        return replace(kept, seen_us=was.seen_us), []
    same = fused.emotion == was.candidate
    now = replace(
        was, candidate=fused.emotion, since_us=was.since_us if same else at_us,
        windows=was.windows + 1 if same else 1, seen_us=at_us,
    )  # fmt: skip
    if now.windows < config.emotion_windows:
        return now, []
    hits: list[Hit] = []
    looks = LOOKS.get(fused.emotion, fused.emotion)
    if was.emotion not in ("", fused.emotion):
        # From or to a calm face is a smaller step than from one feeling to another.
        small = "neutral" in (was.emotion, fused.emotion)
        score = (0.3 if small else 0.5) + 0.5 * fused.emotion_score
        text = f"a face turns from {LOOKS.get(was.emotion, was.emotion)} to {looks}"
        hits.append(Hit(kind="emotion_changed", score=min(score, 1.0), at_us=now.since_us, text=text))
    now = replace(now, emotion=fused.emotion)
    told = was.strong == fused.emotion and at_us - was.strong_us < config.strong_again_s * 1e6
    if fused.emotion != "neutral" and fused.emotion_score >= config.strong_emotion:
        if not told:
            hits.append(
                Hit(
                    kind="strong_emotion",
                    score=fused.emotion_score,
                    at_us=now.since_us,
                    text=f"a face looks very {looks}",
                )
            )
        now = replace(now, strong=fused.emotion, strong_us=at_us)
    return now, hits
