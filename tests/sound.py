"""Sound for tests: as audio records from clips or samples, and how a Fold is driven over them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

from processors.station import Fold, Item, Rejected
from schemas.records import Audio, Record, Ref

RATE_HZ = 16000
Out = TypeVar("Out", bound=Record)


def samples_from(path: Path) -> NDArray[np.int16]:
    """The first sound track of a file, mono at 16 kHz."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(parts)


def audio_items(samples: NDArray[np.int16], start_us: int = 0, first_seq: int = 0) -> list[Item[Audio]]:
    """Audio records of half a second each, as ingest writes them."""
    data = np.asarray(samples, np.int16)
    return [
        Item(
            Audio(
                stream_id="cam",
                session_id="one",
                seq=first_seq + i,
                pts_us=start_us + at * 1_000_000 // RATE_HZ,
                pcm=data[at : at + RATE_HZ // 2].tobytes(),
            ),
            Ref(topic="framelog.audio", partition=0, offset=first_seq + i),
        )
        for i, at in enumerate(range(0, len(data), RATE_HZ // 2))
    ]


def folded(core: Fold[Any, Out, Any], items: Sequence[Item[Any]], through_bytes: bool = False) -> list[Out]:
    """All that a Fold says about the items; `through_bytes` encodes and decodes its state after each step."""
    return list(_folded(core, items, through_bytes))


def _folded(core: Fold[Any, Out, Any], items: Sequence[Item[Any]], through_bytes: bool) -> Iterator[Out]:
    state = core.start("cam", "one")
    for item in items:
        state, said = core.step(state, item)
        if through_bytes:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=core.state)
        for one in said:
            assert not isinstance(one, Rejected), one.reason
            yield one
    yield from core.finish(state, items[-1].record.pts_us if items else 0)
