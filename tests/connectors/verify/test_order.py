"""The order check says of every record what stations make of it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from connectors.verify.order import Place, take
from processors.guard import Guard, check
from schemas.records import Fused

TIMES_US = st.integers(-3, 12) | st.sampled_from((-(1 << 63), (1 << 63) - 1, 1_760_000_000_000_000))
RECORD = st.builds(
    Fused, stream_id=st.just("s"), session_id=st.just("e"), pts_us=TIMES_US,
    seq=st.integers(0, 12) | st.just(1 << 40),
    watermark_us=st.integers(-3, 12), end=st.booleans(),
)  # fmt: skip


def test_the_first_record_of_a_session_must_have_seq_0_where_the_log_is_whole() -> None:
    late = Fused(stream_id="s", session_id="e", seq=3, pts_us=0)
    assert take(Place(), late, whole=False) == ("take", [])
    verdict, breaches = take(Place(), late, whole=True)
    assert verdict == "take"
    assert [b.text for b in breaches] == ["seq 0 to 2 missing before seq 3"]


@given(st.lists(RECORD, max_size=30))
def test_it_agrees_with_the_stations(records: list[Fused]) -> None:
    at, guard = Place(), Guard()
    for record in records:
        checked = check(guard, record)
        verdict, breaches = take(at, record, whole=True)
        assert verdict == checked.verdict
        assert any(b.check == "seq" for b in breaches) == (checked.hole > 0)
        assert any(b.check == "end" for b in breaches) == (verdict in ("after_end", "astray"))
        assert verdict != "back" or any(b.check == "time" for b in breaches)
        guard = checked.guard
        assert (at.seq, at.ended) == (guard.seq, guard.ended)
        if guard.seq >= 0:
            assert at.pts_us == guard.pts_us


@given(st.lists(st.integers(0, 5), min_size=1, max_size=10))
def test_what_a_station_says_has_no_breach(steps: list[int]) -> None:
    at, time_us = Place(), 0
    for seq, step in enumerate(steps):
        time_us += step
        record = Fused(stream_id="s", session_id="e", seq=seq, pts_us=time_us, watermark_us=time_us)
        assert take(at, record, whole=True) == ("take", [])
    end = replace(record, seq=len(steps), end=True)
    assert take(at, end, whole=True) == ("take", [])
    assert at.ended
