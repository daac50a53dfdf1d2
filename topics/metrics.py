"""Every metric of the stations, in one place: name, meaning, unit, labels."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS_IN = Counter("framelog_station_records_in", "Records handed to a station, repeats included", ["station"])
RECORDS_OUT = Counter("framelog_station_records_out", "Records that a station wrote", ["station"])
DEAD = Counter("framelog_station_dead_letters", "Inputs that a station could not use", ["station"])
TROUBLE = Counter(
    "framelog_station_trouble",
    "What the reader's rule found: repeats, holes (missing seq), back (time runs back or can not be), astray (seq "
    "that can not be), after_end, rejected, undecodable, lost (offsets that retention deleted unread)",
    ["station", "kind"],
)
BATCH_SECONDS = Histogram(
    "framelog_station_batch_seconds",
    "Seconds to read, understand and encode a batch",
    ["station"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
LAG = Gauge(
    "framelog_station_lag_records",
    "Records of an input's partition not yet dealt with",
    ["station", "topic", "partition"],
)
HELD_BYTES = Gauge("framelog_station_held_bytes", "Bytes waiting in queues and merges", ["station", "partition"])
RECOVERY_SECONDS = Histogram(
    "framelog_station_recovery_seconds",
    "Seconds from an assignment until records are asked for",
    ["station"],
)
RECOVERIES = Counter("framelog_station_recoveries", "Times that positions were read back", ["station"])
SNAPSHOTS = Counter("framelog_station_snapshots", "Snapshots written", ["station"])
READY = Gauge(
    "framelog_station_ready", "1 while a station is in its group and its positions are read back", ["station"]
)
