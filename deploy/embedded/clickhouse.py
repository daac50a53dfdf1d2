"""The ClickHouse engine behind ClickHouse's HTTP, so that every client is an ordinary one.

`serve(path, port)` is a process of its own: it owns the data path. Statements run in threads, a handle of the
engine for each session (see `engine.py`); results are streamed block by block unless the client waits for the end.
"""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import lz4.frame

from deploy.embedded.engine import STREAMED, Engine, EngineError, Handle, Limits
from deploy.embedded.statement import BadRequest, Statement, parse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
MAX_BODY = 1 << 30
THREADS = 16
COMPRESS_FROM = 64 << 10
# HTTP status by error code, where it is not 500.
STATUS = {60: 404, 81: 404, 62: 400, 36: 400, 42: 400, 43: 400, 47: 400, 16: 400, 33: 400, 53: 400, 117: 400,
          456: 400, 457: 400, 164: 403, 497: 403, 159: 408, 115: 404}  # fmt: skip


def varint(number: int) -> bytes:
    """An unsigned number in LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def empty_native(described: bytes) -> bytes:
    """A block of no rows with the columns of a DESCRIBE in JSONEachRow: what a server answers where the engine in
    process answers nothing, so that an empty result has its columns.
    """
    columns = [json.loads(line) for line in described.splitlines()]
    texts = [(column[key].encode()) for column in columns for key in ("name", "type")]
    return varint(len(columns)) + varint(0) + b"".join(varint(len(t)) + t for t in texts)


def compressed(body: bytes, accepted: str) -> tuple[bytes, str]:
    """The body and its Content-Encoding; small ones stay as they are."""
    wanted = [e.strip().split(";")[0] for e in accepted.split(",")]
    if len(body) >= COMPRESS_FROM and "lz4" in wanted:
        return bytes(lz4.frame.compress(body)), "lz4"
    if len(body) >= COMPRESS_FROM and "gzip" in wanted:
        return gzip.compress(body, 1), "gzip"
    return body, ""


class Answer:
    """Sends one response."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def head(self, status: int, headers: dict[str, str]) -> None:
        """Status and headers."""
        fields = {"content-type": "text/plain; charset=UTF-8", "x-clickhouse-server-display-name": "framelog"}
        pairs = [(k.encode(), v.encode()) for k, v in (fields | headers).items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    async def part(self, body: bytes, more: bool) -> None:
        """Some of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def whole(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """All of it at once."""
        await self.head(status, {"content-length": str(len(body))} | (headers or {}))
        await self.part(body, more=False)


class Store:
    """The ASGI application. It opens the engine when it starts and closes it when it stops."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self._engine = Engine(path, limits)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="statement")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's event: a request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, Answer(send))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while (event := (await receive())["type"]) != "lifespan.shutdown":
            await send({"type": f"{event}.complete"})
        await asyncio.get_running_loop().run_in_executor(None, self._stop)
        await send({"type": "lifespan.shutdown.complete"})

    def _stop(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._engine.close()

    async def _request(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        if scope["path"] == "/ping":
            return await answer.whole(200, b"Ok.\n")
        if scope["path"] not in {"/", "/query"}:
            return await answer.whole(404, b"There is no such path here. Use / or /ping.\n")
        if scope["method"] == "GET" and not scope["query_string"]:
            return await answer.whole(200, b"Ok.\n")
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        body = bytearray()
        while True:
            event = await receive()
            body += event.get("body", b"")
            if len(body) > MAX_BODY:
                return await answer.whole(413, b"More than 1 GiB in one request: send several.\n")
            if not event.get("more_body"):
                break
        try:
            statement = parse(scope["query_string"].decode(), headers, bytes(body))
            if scope["method"] == "GET" and "readonly" not in statement.settings:
                statement = as_reader(statement)
            accepted = (
                headers.get("accept-encoding", "") if b"enable_http_compression=1" in scope["query_string"] else ""
            )
            return await self._run(statement, accepted, answer)
        except BadRequest as error:
            text = f"Code: 62. DB::Exception: {error}. (SYNTAX_ERROR)"
            return await answer.whole(400, text.encode(), {"x-clickhouse-exception-code": "62"})
        except EngineError as error:
            return await answer.whole(
                STATUS.get(error.code, 500),
                f"{error}\n".encode(),
                {"x-clickhouse-exception-code": str(error.code)},
            )

    async def _run(self, statement: Statement, accepted: str, answer: Answer) -> None:
        loop = asyncio.get_running_loop()
        form = statement.format
        headers = {"x-clickhouse-timezone": "UTC"}
        if statement.answers:
            headers["x-clickhouse-format"] = form
        if statement.answers and not statement.whole and form in STREAMED:
            return await self._stream(statement, headers, answer)
        body, summary = await loop.run_in_executor(self._threads, self._whole, statement)
        headers["x-clickhouse-summary"] = json.dumps(summary)
        body, encoding = compressed(body, accepted)
        if encoding:
            headers["content-encoding"] = encoding
        return await answer.whole(200, body, headers)

    def _whole(self, statement: Statement) -> tuple[bytes, dict[str, str]]:
        """Body and summary of a statement."""
        with self._engine.handle(statement) as handle:
            if statement.data is not None:
                result = self._engine.insert(handle, statement)
                rows, size = str(result.rows_read()), str(result.bytes_read())
                return b"", {"read_rows": rows, "written_rows": rows, "written_bytes": size}
            result = handle.run(statement.sql, statement.default_format, statement.parameters)
            body = result.bytes() or b""
            if not body and statement.answers and statement.format == "Native":
                body = columns_of(handle, statement)
            summary = {
                "read_rows": str(result.rows_read()),
                "read_bytes": str(result.bytes_read()),
                "elapsed_ns": str(int(result.elapsed() * 1e9)),
            }
            return body, summary

    async def _stream(self, statement: Statement, headers: dict[str, str], answer: Answer) -> None:
        """Sends blocks as they come; an error after the first one goes to the end of the body, as servers do."""
        loop = asyncio.get_running_loop()
        blocks = self._blocks(statement)
        try:
            block = await loop.run_in_executor(self._threads, next, blocks, None)
            await answer.head(200, headers)
            while block is not None:
                await answer.part(block, more=True)
                try:
                    block = await loop.run_in_executor(self._threads, next, blocks, None)
                except EngineError as error:
                    block = None
                    await answer.part(f"\n{error}\n".encode(), more=True)
            await answer.part(b"", more=False)
        finally:
            await loop.run_in_executor(self._threads, blocks.close)

    def _blocks(self, statement: Statement) -> Any:
        """A generator of encoded blocks; closing it cancels the query."""

        def generate() -> Iterator[bytes]:
            with self._engine.handle(statement) as handle:
                sent = False
                form, parameters = statement.default_format, dict(statement.parameters)
                stream = None
                try:
                    stream = handle.connection.send_query(statement.sql, form, params=parameters)
                    for block in stream:
                        if body := block.bytes():
                            sent = True
                            yield body
                except GeneratorExit:
                    raise
                except Exception as error:
                    text = str(error)
                    raise EngineError(text[max(text.find("Code: "), 0) :]) from error
                finally:
                    if stream is not None:
                        stream.close()
                if not sent and statement.format == "Native":
                    yield columns_of(handle, statement)

        return generate()


def as_reader(statement: Statement) -> Statement:
    """The same, not allowed to write: what ClickHouse makes of every GET."""
    return replace(statement, settings={**statement.settings, "readonly": "2"})


def columns_of(handle: Handle, statement: Statement) -> bytes:
    """An empty Native block with the columns that a SELECT would have."""
    sql = f"DESCRIBE TABLE ({statement.without_format})"
    try:
        return empty_native(handle.run(sql, "JSONEachRow", statement.parameters).bytes() or b"")
    except EngineError:  # SHOW, EXPLAIN and the like can not be described
        return b""


def app(path: Path, limits: Limits | None = None) -> Store:
    """The store of a data path as an ASGI application."""
    return Store(path, limits)


def serve(path: Path, port: int, host: str = "127.0.0.1", limits: Limits | None = None) -> None:
    """Runs the store until it is told to stop (SIGTERM, SIGINT); Owned if another process has the path."""
    import uvicorn

    store = app(path, limits)
    uvicorn.Server(
        uvicorn.Config(store, host=host, port=port, log_level="warning", access_log=False, lifespan="on",
                       timeout_graceful_shutdown=5, timeout_keep_alive=75)
    ).run()  # fmt: skip
