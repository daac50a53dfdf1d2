"""What one ingest works with."""

import threading
from dataclasses import dataclass
from typing import Literal

from connectors.ingest.ledger import Ledger
from connectors.ingest.report import OnProgress
from connectors.sources import Config, Media
from topics.connection import Connection
from topics.registry import Serde

Speed = Literal["max", "real"]


@dataclass(frozen=True, slots=True)
class Job:
    """A source, open, the log that it goes to, and how. `stopped` is set when it shall end."""

    url: str
    media: Media
    stream: str
    connection: Connection
    serde: Serde
    ledger: Ledger
    config: Config
    on_progress: OnProgress | None
    speed: Speed
    stopped: threading.Event
