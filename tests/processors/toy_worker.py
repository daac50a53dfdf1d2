"""A worker of toy stations, for tests to kill: `toy_worker BOOTSTRAP PREFIX PARTITIONS STATION…`."""

import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from processors.offline import Core, decode_local, encode_local
from processors.place import Limits
from processors.station import Item
from processors.worker import run_worker
from schemas.records import Frame
from tests.processors.toys import Boxes, Chain
from topics.connection import Connection
from topics.names import Names

NAP_S = float(os.environ.get("TOY_NAP_S", "0"))


class Slow(Boxes):
    """Takes its time, so that there is something to be killed in the middle of."""

    def __call__(self, batch: Sequence[Item[Frame]]) -> Sequence[Any]:
        time.sleep(NAP_S * len(batch))
        return super().__call__(batch)


class SlowChain(Chain):
    """The same; and there is one record that it cannot bear."""

    def step(self, state: Any, item: Any) -> Any:
        time.sleep(NAP_S)
        if getattr(item.record, "image", b"") == b"bug":
            raise ZeroDivisionError("a bug of the core")
        return super().step(state, item)


def main() -> int:
    bootstrap, prefix, partitions, *stations = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    cores: dict[str, Core] = {"detections": Slow(), "streams": SlowChain()}
    connection = Connection(bootstrap, "", Names(prefix), partitions=int(partitions))
    limits = Limits(snapshot_s=0.5, bytes=int(os.environ.get("TOY_BYTES", 4 << 20)))
    instance = os.environ.get("TOY_INSTANCE", "")
    port = int(os.environ.get("TOY_METRICS_PORT", "0")) or None
    return run_worker(
        stations,
        cores,
        connection,
        encode=encode_local,
        decode=decode_local,
        limits=limits,
        instance=instance,
        metrics_port=port,
    )


if __name__ == "__main__":
    sys.exit(main())
