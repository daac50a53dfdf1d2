"""Where speech begins and ends, out of one voice probability per window: pure, and knows nothing of sound.

Times here are counted in windows from where the count began. The spans that come out lie end to end: no
window is left out and none is told twice, so that the end of the last one is a watermark.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Cut = Literal["", "pause", "length", "end"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds as probabilities, lengths in windows.

    start: a window at or above it begins speech; stop: speech ends when all of `silence` windows lie below.
    voiced: how many windows at or above `start` an utterance needs at least; fewer are a click.
    pad: windows added before and after. longest: an utterance, pads included, is cut here at the latest.
    tick: while nobody speaks, a span is told as soon as it is this long.
    """

    start: float
    stop: float
    voiced: int
    silence: int
    pad: int
    longest: int
    tick: int

    def __post_init__(self) -> None:
        if not 0.0 < self.stop <= self.start <= 1.0:
            raise ValueError(f"speech must stop at or below where it starts, got {self.stop} and {self.start}")
        if min(self.voiced, self.silence, self.tick) < 1 or self.pad < 0:
            raise ValueError("voiced, silence and tick are one window or more, pad none or more")
        if self.silence < 2 * self.pad:
            raise ValueError(f"a pause of {self.silence} windows has no room for two pads of {self.pad}")
        if self.longest < 2 * (self.silence + 2 * self.pad + self.voiced):
            raise ValueError(f"{self.longest} windows hold no utterance and its pause")


@dataclass(frozen=True, slots=True)
class Span:
    """Windows `begin` to `end` (not included). `cut` says why speech ended, and is empty where nobody spoke."""

    begin: int
    end: int
    cut: Cut = ""

    @property
    def speech(self) -> bool:
        """Whether somebody spoke."""
        return self.cut != ""


@dataclass(frozen=True, slots=True)
class Cutter:
    """What is open after `count` windows.

    told: everything before it has been told. begin: where the open utterance starts, pad included; None
    where nobody speaks. chances: probabilities from `begin` on.
    """

    count: int = 0
    told: int = 0
    begin: int | None = None
    chances: tuple[float, ...] = ()

    def earliest(self, rules: Rules) -> int:
        """The earliest window that an utterance still to be told can start at."""
        return max(self.told, self.count - rules.pad) if self.begin is None else self.begin


def voiced(chances: Sequence[float], rules: Rules) -> int:
    """How many windows are speech beyond doubt."""
    return sum(chance >= rules.start for chance in chances)


def feed(cutter: Cutter, chances: Sequence[float], rules: Rules) -> tuple[Cutter, tuple[Span, ...]]:
    """The cutter after more windows, and the spans that are certain now."""
    spans: list[Span] = []
    for chance in chances:
        cutter, more = _window(cutter, chance, rules)
        spans += more
    return cutter, tuple(spans)


def finish(cutter: Cutter, rules: Rules) -> tuple[Span, ...]:
    """The spans still open when no more windows come; they reach to the last window."""
    spans: list[Span] = []
    told = cutter.told
    if cutter.begin is not None and voiced(cutter.chances, rules) >= rules.voiced:
        if told < cutter.begin:
            spans.append(Span(told, cutter.begin))
        told = min(cutter.count, cutter.begin + _spoken(cutter.chances, rules) + rules.pad)
        spans.append(Span(cutter.begin, told, "end"))
    if told < cutter.count:
        spans.append(Span(told, cutter.count))
    return tuple(spans)


def _window(cutter: Cutter, chance: float, rules: Rules) -> tuple[Cutter, list[Span]]:
    """One window more."""
    begin, count = cutter.begin, cutter.count + 1
    if begin is None:
        if chance < rules.start:
            return _tick(replace(cutter, count=count), rules)
        begin = max(cutter.told, cutter.count - rules.pad)
        # The pad's own windows were below `start`; that they count as silence moves no border.
        chances = (0.0,) * (cutter.count - begin) + (chance,)
    else:
        chances = (*cutter.chances, chance)
    cutter = replace(cutter, count=count, begin=begin, chances=chances)
    silent, too_long = len(chances) - _spoken(chances, rules), len(chances) >= rules.longest
    if voiced(chances, rules) < rules.voiced:
        if silent < rules.silence and not too_long:
            return cutter, []
        return _tick(replace(cutter, begin=None, chances=()), rules)
    spans = [Span(cutter.told, begin)] if cutter.told < begin else []
    cutter = replace(cutter, told=begin)
    if silent >= rules.silence:
        end = begin + len(chances) - silent + rules.pad
        cutter, ticks = _tick(replace(cutter, told=end, begin=None, chances=()), rules)
        return cutter, [*spans, Span(begin, end, "pause"), *ticks]
    if too_long:
        end = begin + best_pause(chances, rules)
        spans.append(Span(begin, end, "length"))
        cutter = replace(cutter, told=end, begin=end, chances=chances[end - begin :])
    return cutter, spans


def _tick(cutter: Cutter, rules: Rules) -> tuple[Cutter, list[Span]]:
    """Tells silence that is long enough, but never windows that a coming utterance's pad may claim."""
    end = cutter.count - rules.pad
    if end - cutter.told < rules.tick:
        return cutter, []
    return replace(cutter, told=end), [Span(cutter.told, end)]


def _spoken(chances: Sequence[float], rules: Rules) -> int:
    """How many windows lie before the silence at the end; a window between the thresholds keeps speech on."""
    for i in range(len(chances), 0, -1):
        if chances[i - 1] >= rules.stop:
            return i
    return 0


def best_pause(chances: Sequence[float], rules: Rules) -> int:
    """Where to cut speech that is too long: in the middle of the longest pause of its second half, or, where
    it has none, before the window that sounds least like speech (three taken together, the last of equals).
    """
    low, high = len(chances) // 2, len(chances) - rules.pad - 1
    best, since = (0, 0), low
    for i in range(low, high + 1):
        if i < high and chances[i] < rules.stop:
            continue
        if i - since > best[1] - best[0]:
            best = (since, i)
        since = i + 1
    if best[1] - best[0] >= 2:
        return (best[0] + best[1]) // 2
    return min(range(low, high), key=lambda i: (sum(chances[max(0, i - 1) : i + 2]), -i))
