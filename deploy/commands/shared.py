"""Options that several commands have, and how data is printed."""

import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table
from rich.text import Text

from deploy.terminal import terminal

DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder.", show_default="data")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one value a line.")]

console, warnings = terminal(), terminal(stderr=True)


def plain(value: Any) -> Any:
    """A value as JSON can hold it: bytes become their length."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(inner) for inner in value]
    return value


def print_json(value: Any) -> None:
    """One JSON value on a line of its own, as soon as it is there."""
    sys.stdout.buffer.write(orjson.dumps(plain(value), default=str, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def print_rows(rows: Iterable[Mapping[str, Any]], title: str, as_json: bool) -> None:
    """Rows as a table for people or as JSON lines for programs."""
    rows = list(rows)
    if as_json:
        for row in rows:
            print_json(row)
        return
    if not rows:
        console.print(f"no {title}")
        return
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    console.print(table, soft_wrap=False)


def _cell(value: Any) -> str:
    """A value as people read it: a score of 32 bits has no ten digits to show."""
    if isinstance(value, float) and (value == 0 or abs(value) >= 0.001):
        return str(round(value, 4))
    return "" if value is None else str(plain(value))


def seconds(us: int | None) -> str:
    """Stream time as minutes and seconds."""
    return "" if us is None else f"{us // 60_000_000:02d}:{us / 1e6 % 60:05.2f}"


def fail(message: str, code: int = 1) -> typer.Exit:
    """One clear line on standard error; raise what comes back."""
    warnings.print(Text("framelog:", "bold red"), one_line(message), highlight=False, soft_wrap=True)
    return typer.Exit(code)


def one_line(message: str) -> Text:
    """A message without line ends, and without the user and password of any URL in it."""
    from connectors.sources.address import redact

    return Text(redact(" ".join(message.split())))


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C, and SIGTERM as job managers send it, end what is done by KeyboardInterrupt, in the main thread."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
