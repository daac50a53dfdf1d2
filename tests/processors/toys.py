"""Two small stations whose outputs show every input they were given, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from processors.station import Item, Rejected
from schemas.records import Audio, Box, Detections, Frame, Model, Packets, Record, StreamNotice

S = 1_000_000


def frame(stream: str, seq: int, session: str = "s", **more: object) -> Frame:
    made = Frame(stream_id=stream, session_id=session, seq=seq, pts_us=seq * S // 10, image=b"%d" % seq)
    return replace(made, **more)  # type: ignore[arg-type]


def audio(stream: str, seq: int, session: str = "s", **more: object) -> Audio:
    made = Audio(stream_id=stream, session_id=session, seq=seq, pts_us=seq * S // 2, pcm=b"%d" % seq)
    return replace(made, **more)  # type: ignore[arg-type]


def packets(stream: str, seq: int, session: str = "s", **more: object) -> Packets:
    made = Packets(stream_id=stream, session_id=session, seq=seq, pts_us=seq * S)
    return replace(made, **more)  # type: ignore[arg-type]


class Boxes:
    """Map: a box as wide as the picture's bytes say; refuses pictures that begin with `bad`."""

    model = Model(name="boxes", version="1")
    batch = 4

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, batch: Sequence[Item[Frame]]) -> Sequence[Detections | Rejected]:
        self.batches.append(len(batch))
        return [self._one(item) for item in batch]

    def _one(self, item: Item[Frame]) -> Detections | Rejected:
        width = len(item.record.image)
        if item.record.image.startswith(b"bad"):
            return Rejected("bad picture")
        box = Box(label="x", score=0.1, x1_px=0, y1_px=0, x2_px=width, y2_px=1)
        return Detections(frame=item.ref, boxes=(box,))


@dataclass(frozen=True, slots=True)
class Sofar:
    """How many inputs there were, and the hash over all of them in order."""

    count: int = 0
    digest: str = ""


class Chain:
    """Fold: a hash over the inputs in the order in which they came, said after each."""

    model = Model(name="chain", version="1")
    state = Sofar

    def start(self, stream_id: str, session_id: str) -> Sofar:
        return Sofar(digest=f"{stream_id}/{session_id}")

    def step(self, state: Sofar, item: Item[Record]) -> tuple[Sofar, Sequence[StreamNotice | Rejected]]:
        r = item.record
        if getattr(r, "image", b"").startswith(b"bad"):
            return state, [Rejected("bad picture")]
        name = f"{state.digest} {type(r).__name__} {r.seq} {r.pts_us}"
        state = Sofar(state.count + 1, sha256(name.encode()).hexdigest())
        text = f"{state.count} {type(r).__name__}:{r.seq} {state.digest}"
        return state, [StreamNotice(pts_us=r.pts_us, watermark_us=r.pts_us, text=text)]

    def finish(self, state: Sofar, pts_us: int) -> Sequence[StreamNotice]:
        return [StreamNotice(pts_us=pts_us, watermark_us=pts_us, text=f"sum {state.count} {state.digest}")]
