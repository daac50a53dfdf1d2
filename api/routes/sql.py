"""The SQL box."""

import threading
import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from api.parts import Parts, parts
from api.problem import Problem
from api.shapes.asked import Column, SqlAnswer, SqlAsk
from api.sql_guard import Refused, guard
from api.store import Limits
from connectors.clickhouse.as_of import BadTime, as_of

router = APIRouter(prefix="/api", tags=["sql"])
MOST_ROWS = 10_000
MOST_CHARACTERS = 20_000
SECONDS = 10.0
MEMORY_BYTES = 1 << 30
ONE_AT_A_TIME = threading.BoundedSemaphore(2)


@router.post("/sql")
def post_sql(p: Annotated[Parts, Depends(parts)], ask: SqlAsk) -> SqlAnswer:
    """Runs one SELECT over the views of `framelog` (and the tables of `framelog_log`): at most 10,000 rows,
    10 s, 1 GiB. Whatever reads files, network or other databases is refused. With `run` or `as_of`, every view is
    read as that run (or live) was at that time; `boxes_as_of(run='live', at='…')` says so for one view only.
    """
    if len(ask.query) > MOST_CHARACTERS:
        raise Problem(422, f"the query has {len(ask.query)} characters", f"at most {MOST_CHARACTERS}")
    rows = max(1, min(ask.limit, MOST_ROWS))
    try:
        then = as_of(ask.run, ask.as_of, datetime.now(UTC))
        sql = guard(ask.query, (p.store.place.database, p.store.place.log_database), then)
    except BadTime as wrong:
        raise Problem(422, str(wrong), "write it so, or leave as_of out") from None
    except Refused as refused:
        raise Problem(403, str(refused), "one SELECT over the views of `framelog`") from None
    if not ONE_AT_A_TIME.acquire(timeout=SECONDS):
        raise Problem(429, "other queries are still running", "try again in some seconds")
    try:
        began = time.monotonic()
        limits = Limits(SECONDS, rows + 1, MEMORY_BYTES, break_at_rows=True)
        answer = p.store.table(f"SELECT * FROM (\n{sql}\n) LIMIT {rows + 1}", limits=limits)  # noqa: S608 (guarded)
        took_s = time.monotonic() - began
    finally:
        ONE_AT_A_TIME.release()
    columns = [Column(c["name"], c["type"]) for c in answer["meta"]]
    data = [[row[c.name] for c in columns] for row in answer["data"]]
    return SqlAnswer(columns, data[:rows], round(took_s, 4), len(data) > rows, sql)
