"""Where pictures and sound come from: files and network streams, opened by PyAV, cut into what the log holds."""

from connectors.sources.address import SourceError, is_url, redact
from connectors.sources.config import Config
from connectors.sources.extract import Extractor
from connectors.sources.items import Batch, Item, Picture, Sound
from connectors.sources.media import Media, open_media, probe

__all__ = [
    "Batch", "Config", "Extractor", "Item", "Media", "Picture", "Sound", "SourceError", "is_url", "open_media",
    "probe", "redact",
]  # fmt: skip
