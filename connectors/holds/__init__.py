"""Holds: stretches of the raw log copied to the object store, so that they outlive the log's retention."""

from connectors.holds.container import BadFile, HeldMessage
from connectors.holds.manifest import BadHold, Hold, Manifest, Part, Range
from connectors.holds.shelf import faults, holds, manifest_of, messages, remove
from connectors.holds.take import plan, take

__all__ = [
    "BadFile", "BadHold", "HeldMessage", "Hold", "Manifest", "Part", "Range", "faults", "holds", "manifest_of",
    "messages", "plan", "remove", "take",
]  # fmt: skip
