"""Settings that keep a Kafka client from talking to the terminal."""

import logging
from typing import Any

# librdkafka's chatter stays inside: what matters comes back as an error.
SILENT = logging.getLogger("framelog.librdkafka")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False
QUIET: dict[str, Any] = {"log_level": 2, "logger": SILENT}
