"""The description that the page's client is typed from is the application's."""

from pathlib import Path

import api
from api.openapi import schema, text

COMMITTED = Path(api.__path__[0]) / "page/openapi.json"


def test_the_committed_description_is_fresh() -> None:
    assert COMMITTED.read_text() == text(), "run `python -m api.openapi > api/page/openapi.json`"


def test_every_operation_says_what_it_answers() -> None:
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], f"{method} {path}"
            assert operation["responses"], f"{method} {path}"
