"""What a request over ClickHouse's HTTP asks for: one statement, its data, parameters and settings."""

import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from urllib.parse import parse_qsl

import lz4.frame

# Consumed by the transport; the engine would refuse them as unknown settings.
TRANSPORT = frozenset({
    "query", "database", "default_format", "user", "password", "session_id", "session_timeout", "session_check",
    "query_id", "quota_key", "compress", "decompress", "buffer_size", "wait_end_of_query", "role",
    "client_protocol_version", "send_progress_in_http_headers", "http_headers_progress_interval_ms",
    "enable_http_compression", "cancel_http_readonly_queries_on_client_close", "async_insert",
    "wait_for_async_insert",
})  # fmt: skip
# The clause ends the statement; what follows the one newline after it is data, whose first byte may be another.
FORM = re.compile(rb"(?:\A|&)(?:query|param_\w+)=")
INLINE_DATA = re.compile(
    rb"\A(\s*INSERT\s+INTO\s.*?\sFORMAT\s+(\w+))[ \t]*\r?(?:\n|\Z)", re.IGNORECASE | re.DOTALL
)
INSERT = re.compile(r"\A\s*INSERT\s+INTO\s", re.IGNORECASE)
INSERT_SELECT = re.compile(r"\A\s*INSERT\s+INTO\s+[^()]+(\([^()]*\))?\s*(SELECT|WITH)\b", re.IGNORECASE)
TRAILING_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*\Z", re.IGNORECASE)
ANSWERS = re.compile(r"\A[\s(]*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXPLAIN|EXISTS|CHECK)\b", re.IGNORECASE)
COMMENT = re.compile(r"\A(\s*(--[^\n]*\n|/\*.*?\*/))+", re.DOTALL)


class BadRequest(Exception):
    """The request is not ClickHouse's HTTP; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `data` is what an INSERT carries in format `data_format`; None where it carries none."""

    sql: str
    data: bytes | None = None
    data_format: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    database: str = ""
    session_id: str = ""
    session_timeout_s: float = 60.0
    default_format: str = "TabSeparated"
    whole: bool = False

    @property
    def format(self) -> str:
        """Format of the answer."""
        found = TRAILING_FORMAT.search(self.sql)
        return found[1] if found else self.default_format

    @property
    def answers(self) -> bool:
        """Whether the statement has a result, even if it is empty."""
        return ANSWERS.match(COMMENT.sub("", self.sql)) is not None

    @property
    def without_format(self) -> str:
        """The statement without its last clause."""
        return TRAILING_FORMAT.sub("", self.sql)


def unframed(body: bytes) -> bytes:
    """What one or more LZ4 frames hold: clients send a frame for each of their blocks."""
    parts = []
    while body:
        frame = lz4.frame.LZ4FrameDecompressor()
        parts.append(frame.decompress(body))
        if not frame.eof:
            raise EOFError("the last frame is cut short")
        body = frame.unused_data or b""
    return b"".join(parts)


def decompressed(body: bytes, encoding: str) -> bytes:
    """The body as it was before `Content-Encoding`; BadRequest if that is unknown or the bytes do not fit it."""
    try:
        match encoding.lower():
            case "" | "identity":
                return body
            case "lz4":
                return unframed(body)
            case "gzip":
                return gzip.decompress(body)
            case "deflate":
                return zlib.decompress(body)
    except (RuntimeError, OSError, zlib.error, EOFError) as error:
        raise BadRequest(f"body is not {encoding}: {error}") from error
    raise BadRequest(f"Content-Encoding {encoding} is not known here; use lz4, gzip or deflate")


def form_fields(body: bytes, content_type: str) -> dict[str, str]:
    """Fields of a form, as clients send statements with many or long parameters."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    fields = {}
    for part in BytesParser(policy=policy.HTTP).parsebytes(head + body).iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        fields[str(part.get_param("name", header="content-disposition"))] = content.decode()
    return fields


def parse(query_string: str, headers: Mapping[str, str], body: bytes) -> Statement:
    """The statement of a request; BadRequest where there is none.

    Args:
        query_string: of the URL; holds settings, `param_*`, and perhaps the statement itself.
        headers: by lower-case name.
        body: as it came, still compressed.
    """
    asked = dict(parse_qsl(query_string, keep_blank_values=True))
    body = decompressed(body, headers.get("content-encoding", ""))
    content_type = headers.get("content-type", "")
    # curl calls every body a form that it is not told otherwise about, a bare statement too.
    coded = content_type.startswith("application/x-www-form-urlencoded") and FORM.search(body) is not None
    if coded or content_type.startswith("multipart/form-data"):
        asked |= form_fields(body, content_type)
        body = b""
    sql, data, data_format = split(asked.get("query", ""), body)
    if not sql.strip():
        raise BadRequest("no statement: put it into the body or into the parameter `query`")
    return Statement(
        sql=sql,
        data=data,
        data_format=data_format,
        parameters={k.removeprefix("param_"): v for k, v in asked.items() if k.startswith("param_")},
        settings={k: v for k, v in asked.items() if k not in TRANSPORT and not k.startswith("param_")},
        database=asked.get("database") or headers.get("x-clickhouse-database", ""),
        session_id=asked.get("session_id", ""),
        session_timeout_s=float(asked.get("session_timeout") or 60),
        default_format=headers.get("x-clickhouse-format") or asked.get("default_format") or "TabSeparated",
        whole=asked.get("wait_end_of_query") == "1",
    )


def split(query: str, body: bytes) -> tuple[str, bytes | None, str]:
    """Statement, data and the data's format, wherever each of them came."""
    if query:
        found = TRAILING_FORMAT.search(query)
        if not INSERT.match(query) or INSERT_SELECT.match(query):
            return f"{query}\n{body.decode()}" if body else query, None, ""
        if found is None or found[1].lower() == "values":
            return f"{query}\n{body.decode()}", None, ""
        return query[: found.start()], body, found[1]
    inline = INLINE_DATA.match(body)
    if inline is None or inline[2].lower() == "values" or INSERT_SELECT.match(inline[1].decode()):
        try:
            return body.decode(), None, ""
        except UnicodeDecodeError as error:
            raise BadRequest(f"the statement is not UTF-8: {error}") from error
    head = inline[1].decode()
    return TRAILING_FORMAT.sub("", head), body[inline.end() :], inline[2].decode()
