"""Stream times as people type them."""

import pytest

from deploy.replay.times import BadTime, stream_us


@pytest.mark.parametrize(
    ("text", "us"),
    [("0", 0), ("83.5", 83_500_000), ("1:23.5", 83_500_000), ("0:01:23.5", 83_500_000), (" 2s ", 2_000_000),
     ("1:00:00", 3_600_000_000), (".25", 250_000)],
)  # fmt: skip
def test_seconds_and_clocks(text: str, us: int) -> None:
    assert stream_us(text) == us


@pytest.mark.parametrize("text", ["", "x", "-1", "1:2:3:4", "2026-11-21", "1:"])
def test_what_is_no_time_says_how_one_looks(text: str) -> None:
    with pytest.raises(BadTime, match="minutes and seconds"):
        stream_us(text)
