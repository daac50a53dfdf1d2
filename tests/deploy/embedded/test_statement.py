import gzip

import lz4.frame
import pytest

from deploy.embedded.statement import BadRequest, Statement, decompressed, parse, split


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ("", b"SELECT 1", ("SELECT 1", None, "")),
        ("SELECT 1", b"", ("SELECT 1", None, "")),
        ("", b"INSERT INTO t FORMAT Native\n\n\x00", ("INSERT INTO t", b"\n\x00", "Native")),
        ("", b"insert into t (`a`) format CSV\r\n1\n", ("insert into t (`a`)", b"1\n", "CSV")),
        ("INSERT INTO t FORMAT Native", b"\n\x00", ("INSERT INTO t", b"\n\x00", "Native")),
        ("", b"INSERT INTO t VALUES (1)", ("INSERT INTO t VALUES (1)", None, "")),
        ("INSERT INTO t VALUES", b"(1)", ("INSERT INTO t VALUES\n(1)", None, "")),
        ("", b"INSERT INTO t SELECT ' FORMAT x'", ("INSERT INTO t SELECT ' FORMAT x'", None, "")),
        ("", b"SELECT 'INSERT INTO t FORMAT CSV\n'", ("SELECT 'INSERT INTO t FORMAT CSV\n'", None, "")),
    ],
)
def test_statement_and_data_are_told_apart(
    query: str, body: bytes, expected: tuple[str, bytes | None, str]
) -> None:
    assert split(query, body) == expected


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("", b"ab"),
        ("identity", b"ab"),
        ("gzip", gzip.compress(b"ab", mtime=0)),
        ("lz4", lz4.frame.compress(b"ab")),
        ("lz4", lz4.frame.compress(b"a") + lz4.frame.compress(b"b")),
        ("gzip", gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0)),
    ],
)
def test_bodies_are_unpacked(encoding: str, packed: bytes) -> None:
    assert decompressed(packed, encoding) == b"ab"


@pytest.mark.parametrize("encoding", ["gzip", "lz4", "deflate", "br"])
def test_bodies_that_are_not_what_they_say_are_refused(encoding: str) -> None:
    with pytest.raises(BadRequest, match=encoding):
        decompressed(b"not packed", encoding)


def test_what_belongs_to_the_transport_is_no_setting() -> None:
    found = parse("param_a=1&max_threads=2&session_id=s&wait_end_of_query=1&database=d", {}, b"SELECT {a:UInt8}")
    assert found == Statement(
        "SELECT {a:UInt8}", parameters={"a": "1"}, settings={"max_threads": "2"}, database="d", session_id="s",
        whole=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "answers", "form"),
    [
        ("SELECT 1", True, "TabSeparated"),
        ("-- a\n/* b */ (SELECT 1) FORMAT  Native ", True, "Native"),
        ("WITH 1 AS a SELECT a", True, "TabSeparated"),
        ("CREATE TABLE t (a UInt8)", False, "TabSeparated"),
        ("SELECT ' FORMAT CSV'", True, "TabSeparated"),
    ],
)
def test_the_format_of_an_answer_is_read_from_the_statement(sql: str, answers: bool, form: str) -> None:
    assert (Statement(sql).answers, Statement(sql).format) == (answers, form)


@pytest.mark.parametrize(
    ("body", "sql", "parameters"),
    [
        (b"SELECT 1", "SELECT 1", {}),
        (b"SELECT 1 AS a WHERE a=1", "SELECT 1 AS a WHERE a=1", {}),
        (b"SELECT 100%25 & query", "SELECT 100%25 & query", {}),
        (b"query=SELECT+1", "SELECT 1", {}),
        (b"param_a=2&query=SELECT+%7Ba%3AUInt8%7D", "SELECT {a:UInt8}", {"a": "2"}),
    ],
)
def test_what_curl_calls_a_form_may_be_a_bare_statement(body: bytes, sql: str, parameters: dict[str, str]) -> None:
    found = parse("", {"content-type": "application/x-www-form-urlencoded"}, body)
    assert (found.sql, found.parameters) == (sql, parameters)
