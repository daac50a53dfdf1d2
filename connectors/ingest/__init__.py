"""Takes a file or a live stream into the log: frames, audio and packets of one session."""

from connectors.ingest.job import Speed
from connectors.ingest.report import IngestError, Progress, Summary
from connectors.ingest.run import ingest
from connectors.sources import Config, SourceError

__all__ = ["Config", "IngestError", "Progress", "SourceError", "Speed", "Summary", "ingest"]
