"""A slow listener loses states and old items, and is told; it never loses a highlight."""

from hypothesis import given
from hypothesis import strategies as st

from api.mailbox import HIGHLIGHTS, ITEMS, Kind, Mailbox, Message

messages = st.lists(
    st.tuples(st.sampled_from(["state", "item", "highlight"]), st.sampled_from("ab"), st.sampled_from("xy")),
    max_size=200,
)


def message(kind: Kind, stream: str = "cam", noun: str = "tracks", **body: object) -> Message:
    return Message(kind, stream, noun, dict(body))


def test_an_empty_mailbox_gives_nothing() -> None:
    assert Mailbox().take() == []


def test_of_a_state_only_the_newest_is_kept() -> None:
    box = Mailbox()
    for at in range(100):
        box.put(message("state", at=at))
    assert [m["record"] for m in box.take()] == [{"at": 99}]


def test_old_items_are_lost_and_counted() -> None:
    box = Mailbox()
    for at in range(ITEMS + 3):
        box.put(message("item", noun="speech", at=at))
    out = box.take()
    assert out[0]["record"] == {"at": 3}
    assert out[-1]["record"] == {"items": 3}
    assert out[-1]["type"] == "lost"
    assert box.take() == []


def test_a_listener_hears_its_stream_alone() -> None:
    box = Mailbox("cam")
    box.put(message("highlight", stream="other"))
    assert len(box) == 0
    box.put(message("highlight"))
    assert len(box) == 1


def test_a_hopeless_listener_is_sent_away_instead_of_losing_a_highlight_unseen() -> None:
    box = Mailbox()
    for _ in range(HIGHLIGHTS):
        box.put(message("highlight"))
    assert not box.overrun
    box.put(message("highlight"))
    assert box.overrun


@given(messages, st.sets(st.integers(0, 200)))
def test_every_highlight_arrives_once_and_in_order(said: list[tuple[Kind, str, str]], reads: set[int]) -> None:
    box, heard = Mailbox(), []
    for at, (kind, stream, noun) in enumerate(said):
        box.put(message(kind, stream, noun, at=at))
        if at in reads:
            heard += box.take()
    heard += box.take()
    assert [m["record"]["at"] for m in heard if m["type"] == "highlight"] == [
        at for at, (kind, *_) in enumerate(said) if kind == "highlight"
    ]
