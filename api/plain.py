"""Records as JSON can carry them."""

from collections.abc import Mapping
from typing import Any

from schemas.records import Record


def plain(record: Record) -> dict[str, Any]:
    """A record's fields; bytes (JPEG, PCM, packets) become their size under `<name>_bytes`, as in ClickHouse."""
    return _mapping(record.as_dict())


def _mapping(fields: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, bytes):
            out[f"{name}_bytes"] = len(value)
        else:
            out[name] = _value(value)
    return out


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, (list, tuple)):
        return [_value(v) for v in value]
    return value
