"""A question in SQL and its answer."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """Rows of a SELECT as lists in the columns' order; `cut` says that the row limit was reached."""

    columns: list[Column]
    rows: list[list[Any]]
    seconds: float
    cut: bool
    ran: str


@dataclass(frozen=True, slots=True)
class SqlAsk:
    """A SELECT to run. `run` and `as_of` (ISO 8601, or `-10m`): every view in it is read as that run was then."""

    query: str
    limit: int = 1000
    run: str = ""
    as_of: str = ""
