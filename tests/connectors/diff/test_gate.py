"""`--fail-on`."""

import pytest

from connectors.diff.gate import BadGate, check, parse

MEASURED = {"highlights": {"lost": 2.0, "lost_rate": 0.04}, "speech": {"wer": 0.0}}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("highlights.lost>0", True),
        ("highlights.lost > 2", False),
        ("highlights.lost>=2", True),
        (" highlights.lost != 2 ", False),
        ("highlights.lost==2", True),
        ("highlights.lost_rate>5%", False),
        ("highlights.lost_rate>3.9%", True),
        ("highlights.lost_rate<=.04", True),
        ("words.wer<1e-3", True),
        ("speech.wer>-1", True),
    ],
)
def test_a_bound_holds_or_not(text: str, holds: bool) -> None:
    gate = parse(text)
    check(gate, MEASURED)
    assert gate.holds(MEASURED) is holds


@pytest.mark.parametrize(
    "text", ["", "lost>0", "highlights.lost", "highlights.lost>", "highlights.lost>x", "highlights.lost=>1",
             "__import__('os').x>0", "highlights.lost>0 or 1", "highlights.lost>nan"],
)  # fmt: skip
def test_what_is_no_bound_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(BadGate, match=r"noun\.measure"):
        parse(text)


def test_what_is_not_measured_is_refused_with_what_is() -> None:
    with pytest.raises(BadGate, match="highlights, speech"):
        check(parse("boxes.lost>0"), MEASURED)
    with pytest.raises(BadGate, match="lost, lost_rate"):
        check(parse("highlights.gone>0"), MEASURED)
