"""Large answers go out as orjson writes them, past pydantic: their types are our own and checked by mypy."""

from typing import Any

import orjson
from fastapi import Response


def as_json(value: Any) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(value), media_type="application/json")
