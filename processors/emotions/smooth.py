"""From flickering scores to an emotion that holds: smoothing over stream time, a label with hysteresis."""

from collections.abc import Mapping, Sequence

Scores = tuple[tuple[str, float], ...]
"""Labels and how much of each, in the model's order."""


def smoothed(old: Scores, new: Scores, passed_us: int, half_life_us: int) -> Scores:
    """Scores that move half the way from old to new in a half-life, however often they are looked at. The new
    ones where the labels are others (another model) or there are no old ones.
    """
    if [label for label, _ in old] != [label for label, _ in new]:
        return new
    kept = 0.5 ** (max(0, passed_us) / half_life_us) if half_life_us > 0 else 0.0
    return tuple((label, b + (a - b) * kept) for (label, a), (_, b) in zip(old, new, strict=True))


def held(current: str, scores: Scores, margin: float) -> tuple[str, float]:
    """The emotion and its score: the current one until another is stronger by the margin; of equal ones the
    first. Nothing where there are no scores.
    """
    if not scores:
        return "", 0.0
    best, top = max(scores, key=lambda s: s[1])
    have = dict(scores).get(current)
    if have is not None and top - have < margin:
        return current, have
    return best, top


def blended(face: Scores, voice: Mapping[str, float], weight: float) -> Scores:
    """The face's scores with the voice's mixed in by a weight of 0 … 1, over the labels that the face has; as
    they are where the two have no label in common.
    """
    total = sum(voice.get(label, 0.0) for label, _ in face)
    if total <= 0:
        return face
    return tuple((label, (1 - weight) * a + weight * voice.get(label, 0.0) / total) for label, a in face)


def plain(scores: Sequence[tuple[str, float]]) -> Scores:
    """Scores as a state can hold them."""
    return tuple((label, float(score)) for label, score in scores)
