"""A worker of one real station that takes its time, to be killed: `real_worker BOOTSTRAP REGISTRY STATION NAP`.

It writes a run of its own beside the live one and reads what the live one reads.
"""

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from processors.build import build
from processors.place import Limits
from processors.shelf import Shelf
from processors.worker import run_worker
from topics.connection import Connection
from topics.names import Names

RUN = "killed"


def slowed(core: Any, nap_s: float) -> Any:
    """The same core, with a nap at each input."""

    class Slow(type(core)):  # type: ignore[misc]
        def step(self, state: Any, item: Any) -> Any:
            time.sleep(nap_s)
            return super().step(state, item)

        def __call__(self, batch: Any) -> Any:
            time.sleep(nap_s * len(batch))
            return super().__call__(batch)

    core.__class__ = Slow
    return core


def names_of(station: str) -> Names:
    """Names of a run that writes nothing but one station's output."""
    return Names(run=RUN, own=frozenset({station}))


def main() -> int:
    bootstrap, registry, station, nap_s = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    core = slowed(build(station, {}, Shelf("cpu", Path(os.environ["FRAMELOG_MODELS"]))), float(nap_s))
    connection = Connection(bootstrap, registry, names_of(station))
    return run_worker([station], {station: core}, connection, instance="one", limits=Limits(snapshot_s=0.5))


if __name__ == "__main__":
    sys.exit(main())
