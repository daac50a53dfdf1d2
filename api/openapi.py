"""Writes the API's description, from which the page's client is typed: `python -m api.openapi > openapi.json`."""

import json
import sys
from pathlib import Path
from typing import Any

from api.app import create_app
from api.store import Clickhouse
from connectors.objects import FolderStore
from topics.connection import Connection

NOWHERE = "127.0.0.1:9"


def schema() -> dict[str, Any]:
    """OpenAPI of the application. Nothing is connected to."""
    app = create_app(
        Connection(NOWHERE, f"http://{NOWHERE}"), Clickhouse(f"http://{NOWHERE}"), FolderStore(Path())
    )
    described: dict[str, Any] = app.openapi()
    return described


def text() -> str:
    """The same as it is committed."""
    return json.dumps(schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
