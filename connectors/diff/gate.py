"""`noun.measure OP number`: what may not be, for CI."""

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.diff.nouns import ALIASES

OPERATORS = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
FORM = re.compile(r"\s*(\w+)\.(\w+)\s*(>=|<=|==|!=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(%?)\s*")
Measured = Mapping[str, Mapping[str, float]]


class BadGate(ValueError):
    """An expression makes no sense; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A bound on one measure of one noun."""

    text: str
    noun: str
    measure: str
    sign: str
    bound: float

    def holds(self, measured: Measured) -> bool:
        """Whether the run is to fail."""
        return bool(OPERATORS[self.sign](measured[self.noun][self.measure], self.bound))

    def told(self, measured: Measured) -> str:
        """The expression with what was measured."""
        return f"{self.text} (it is {measured[self.noun][self.measure]:g})"


def parse(text: str) -> Gate:
    """An expression; BadGate if it is none."""
    found = FORM.fullmatch(text)
    if found is None:
        raise BadGate(
            f"{text!r} is no bound: write noun.measure, one of {' '.join(OPERATORS)}, and a number, as in "
            "highlights.lost>0 or speech.wer>5%"
        )
    noun, measure, sign, number, percent = found.groups()
    bound = float(number) / (100 if percent else 1)
    return Gate(text.strip(), ALIASES.get(noun, noun), measure, sign, bound)


def check(gate: Gate, measures: Mapping[str, Mapping[str, object]]) -> None:
    """BadGate if there is no such noun or measure among those that are compared."""
    if gate.noun not in measures:
        raise BadGate(f"{gate.text}: {gate.noun} is not compared; there is {', '.join(measures) or 'nothing'}")
    if gate.measure not in measures[gate.noun]:
        raise BadGate(f"{gate.text}: {gate.noun} has no {gate.measure}; it has {', '.join(measures[gate.noun])}")
