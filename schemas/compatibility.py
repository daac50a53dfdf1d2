"""Whether a schema can read what older ones wrote, by the rules of Avro's schema resolution."""

from collections.abc import Sequence
from typing import Literal

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.errors import AvroException

Level = Literal[
    "NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"
]


class BadSchema(ValueError):
    """The text is no Avro schema; the message says why."""


def parse(text: str) -> avro.schema.Schema:
    """An Avro schema; BadSchema if the text is none."""
    try:
        return avro.schema.parse(text)
    except (AvroException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSchema(str(error) or type(error).__name__) from error


def unreadable(reader: str, writer: str) -> list[str]:
    """Why `reader` can not read what `writer` wrote; empty if it can."""
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    found = checker.get_compatibility(parse(reader), parse(writer))
    if found.compatibility == SchemaCompatibilityType.compatible:
        return []
    kinds = ", ".join(sorted(kind.value for kind in found.incompatibilities))
    places = ", ".join(sorted(place for place in found.locations if place != "/"))
    return [f"{kinds}: {', '.join(sorted(found.messages))} at {places or '/'}"]


def faults(new: str, olds: Sequence[str], level: Level) -> list[str]:
    """Why `new` breaks the compatibility level against the older versions (oldest first); empty if it does not."""
    if level == "NONE" or not olds:
        return []
    against = olds if level.endswith("TRANSITIVE") else olds[-1:]
    kind = level.removesuffix("_TRANSITIVE")
    found = []
    for old in against:
        if kind in ("BACKWARD", "FULL"):
            found += unreadable(new, old)
        if kind in ("FORWARD", "FULL"):
            found += unreadable(old, new)
    return found
