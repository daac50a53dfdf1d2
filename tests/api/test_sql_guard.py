"""The SQL box runs one SELECT over our tables and nothing else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.sql_guard import Refused, guard

REFUSED = [
    ("", "0 statements"),
    ("   -- nothing", "0 statements"),
    ("SELECT 1; SELECT 2", "2 statements"),
    ("SELECT FROM WHERE", "parse"),
    ("INSERT INTO tracks SELECT 1", "only SELECT"),
    ("DROP TABLE framelog_log.tracks", "only SELECT"),
    ("ALTER TABLE framelog_log.tracks DELETE WHERE 1", "only SELECT"),
    ("EXPLAIN SELECT 1", "only SELECT"),
    ("SET readonly = 0", "only SELECT"),
    ("SYSTEM SHUTDOWN", "only SELECT"),
    ("SELECT * FROM file('/etc/passwd')", "file"),
    ("SELECT file('/etc/passwd')", "file"),
    ("SELECT * APPLY(file) FROM tracks", "file"),
    ("WITH file('/etc/passwd') AS x SELECT x", "file"),
    ("SELECT 1 WHERE 1 IN url('http://a', CSV)", "IN"),
    ("SELECT 1 IN system.users", "IN"),
    ("SELECT 1 IN (system.users)", "system.users"),
    ("SELECT in(1, system.users)", "IN"),
    ("SELECT * FROM url('http://169.254.169.254/')", "url"),
    ("SELECT * FROM s3('http://a/b')", "s3"),
    ("SELECT * FROM s3Cluster('c', 'http://a/b')", "s3Cluster"),
    ("SELECT * FROM remote('h', 'd', 't')", "remote"),
    ("SELECT * FROM mysql('h', 'd', 't', 'u', 'p')", "mysql"),
    ("SELECT * FROM postgresql('h', 'd', 't', 'u', 'p')", "postgresql"),
    ("SELECT * FROM executable('id', TSV, 'x String')", "executable"),
    ("SELECT * FROM python('x')", "python"),
    ("SELECT * FROM merge('.*', '.*')", "merge"),
    ("SELECT * FROM dictionary('d')", "dictionary"),
    ("SELECT dictGet('d', 'a', 1)", "dictGet"),
    ("SELECT joinGet('d.t', 'a', 1)", "joinGet"),
    ("SELECT sleepEachRow(3) FROM numbers(100)", "sleepEachRow"),
    ("SELECT (SELECT 1 FROM file('x'))", "file"),
    ("SELECT 1 UNION ALL SELECT * FROM file('x')", "file"),
    ("SELECT * FROM tracks AS t JOIN system.users AS u ON 1 = 1", "system.users"),
    ("SELECT * FROM `system`.`users`", "system.users"),
    ("SELECT * FROM information_schema.tables", "information_schema"),
    ("SELECT * FROM other.table", "other.table"),
    ("SELECT * FROM tracks SETTINGS max_execution_time = 0", "SETTINGS"),
    ("SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)", "SETTINGS"),
    ("SELECT 1 FORMAT Native", "FORMAT"),
    ("SELECT 1 INTO OUTFILE 'x'", "parse"),
    ("SELECT * FROM {db:Identifier}.tracks", "braces"),
]  # fmt: skip
ALLOWED = [
    "SELECT 1",
    "SELECT stream_id, count() FROM framelog.tracks GROUP BY stream_id ORDER BY 2 DESC LIMIT 5",
    "SELECT * FROM framelog_log.tracks LIMIT 3 BY stream_id",
    "WITH recent AS (SELECT * FROM highlights WHERE score > 0.5) SELECT title FROM recent",
    "SELECT t.track_id, quantile(0.5)(t.score) FROM tracks ARRAY JOIN tracks AS t GROUP BY t.track_id",
    "SELECT arrayMap(w -> upper(w.text), words) FROM speech WHERE text ILIKE '%hello%'",
    "SELECT a.pts_us FROM tracks AS a ASOF JOIN sounds AS b ON a.stream_id = b.stream_id AND a.pts_us >= b.pts_us",
    "SELECT toStartOfMinute(recorded_at) AS minute, countIf(status = 'ok') FROM speech GROUP BY minute",
    "SELECT number FROM numbers(10)",
    "SELECT name FROM system.tables WHERE database = 'framelog'",
    "SELECT 1 UNION ALL SELECT 2",
    "SELECT lagInFrame(pts_us) OVER (PARTITION BY stream_id ORDER BY seq) FROM sounds",
]


@pytest.mark.parametrize(("sql", "why"), REFUSED)
def test_what_reaches_outside_is_refused_with_the_reason(sql: str, why: str) -> None:
    with pytest.raises(Refused, match=r"(?i)" + why.replace(".", r"\.")):
        guard(sql)


@pytest.mark.parametrize("sql", ALLOWED)
def test_a_select_over_our_tables_is_rendered_and_judged_alike_again(sql: str) -> None:
    rendered = guard(sql)
    assert guard(rendered) == rendered


def test_a_table_without_database_is_the_views() -> None:
    assert guard("SELECT 1 FROM tracks") == 'SELECT 1 FROM "framelog".tracks'
    assert guard("WITH t AS (SELECT 1) SELECT * FROM t") == "WITH t AS (SELECT 1) SELECT * FROM t"
    assert "framelog" in guard("WITH t AS (SELECT * FROM t2) SELECT * FROM (SELECT * FROM tracks)")


def test_comments_do_not_reach_the_server() -> None:
    assert "secret" not in guard("SELECT 1 /* secret */ -- secret")


@given(st.text(max_size=200))
def test_any_text_is_judged_and_never_breaks_the_guard(text: str) -> None:
    with suppress(Refused):
        assert guard(text)
