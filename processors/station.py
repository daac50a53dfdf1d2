"""What a station is: a pure core, as a Map or a Fold. The shells (`shell.py`, `offline.py`) run it.

A core reads no clock, no file, no network and draws no random numbers; what it needs is handed to its
constructor. It never sees `end` records, repeats or undecodable bytes: whoever drives it (`drive.py`)
keeps those away, stamps what comes out with stream, session, seq, id and model, and says `end` itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

from schemas.records import Model, Record, Ref

R_co = TypeVar("R_co", bound=Record, covariant=True)
In_contra = TypeVar("In_contra", bound=Record, contravariant=True)
Out_co = TypeVar("Out_co", bound=Record, covariant=True)
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Item(Generic[R_co]):
    """A record and where it lies in the log."""

    record: R_co
    ref: Ref


@dataclass(frozen=True, slots=True)
class Rejected:
    """A core's verdict that an input can not be used. It becomes a record with `status=rejected` at its
    place and the input goes to the dead letters. Anything that a core raises is a bug and ends the process.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Oddity:
    """A breach of the reader's rule that the driver found.

    kind: repeat (seq seen before; the record is dropped), back (time runs back; the record is a dead letter),
        writers (another session of the same stream began since on this topic; the record counts all the same) or
        unended (an end mark that somebody else than the producer had to write; it ends the session all the same).
    text: What was found.
    """

    kind: Literal["repeat", "back", "writers", "unended"]
    text: str


class Map(Protocol[In_contra, Out_co]):
    """One output for each input, which depends on that input alone.

    The driver stamps stream_id, session_id, seq, pts_us (the input's), watermark_us (the input's, or pts_us
    of a raw one), id and model; the core fills the rest, and `status` where it is not ok.
    """

    @property
    def model(self) -> Model:
        """What computes the answers."""
        ...

    def __call__(self, batch: Sequence[Item[In_contra]]) -> Sequence[Out_co | Rejected]:
        """Outputs in the inputs' order, as many; the batch may mix streams. Called off the event loop."""
        ...


class Fold(Protocol[In_contra, Out_co, S]):
    """Outputs that depend on all inputs of the same (stream, session) so far, in the merge's order.

    `S` is a frozen dataclass of values that msgspec can encode by type (numbers, str, bytes, tuples, frozen
    dataclasses, dicts of those): it is written to the snapshots. The driver stamps stream_id, session_id, seq
    and id, and model where it is empty; the core gives pts_us and watermark_us, both never falling.
    """

    @property
    def model(self) -> Model:
        """What computes the answers."""
        ...

    @property
    def state(self) -> type[S]:
        """Class of the state, for decoding it."""
        ...

    def start(self, stream_id: str, session_id: str) -> S:
        """The state before the first input of a session."""
        ...

    def step(self, state: S, item: Item[In_contra]) -> tuple[S, Sequence[Out_co | Rejected]]:
        """The state after one more input, and what there is to say. Inputs tell themselves apart by type."""
        ...

    def finish(self, state: S, pts_us: int) -> Sequence[Out_co]:
        """What is left to say when every input has ended; `pts_us` is the latest end."""
        ...


@runtime_checkable
class Watchful(Protocol):
    """What a Fold has besides if it is to be told what its driver keeps from other cores: `streams`, so that it
    can tell people. The rejected record that otherwise stands for a time that runs back is not written then.
    """

    def odd(self, state: S, item: Item[Record], oddity: Oddity) -> tuple[S, Sequence[Record]]:
        """The state after a breach, and what there is to say. An item of kind `writers` comes to `step` next."""
        ...
