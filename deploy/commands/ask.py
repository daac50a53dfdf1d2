"""Commands that ask the store: sql, highlights, clips, streams."""

import logging
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from deploy import settings as configured
from deploy.commands.shared import DataOption, JsonOption, fail, print_rows, seconds, warnings
from deploy.settings import Settings
from topics.names import LIVE

Format = Literal["table", "json", "csv"]
READING = {"readonly": 2}  # whoever asks changes nothing, but may set how it is answered
STREAMS = """
SELECT stream_id AS stream, session_id AS session, max(pts_us) AS until_us, max(recorded_at) AS last_record,
       max(end) AS ended, countIf(NOT end) AS frames
FROM frames WHERE run = 'live' GROUP BY stream_id, session_id ORDER BY last_record DESC
"""
HIGHLIGHTS = """
SELECT stream_id AS stream, start_us, end_us, round(score, 2) AS score, title, id
FROM highlights WHERE run = 'live' AND NOT end AND (stream_id = {stream:String} OR {stream:String} = '')
ORDER BY recorded_at, seq
"""
CLIPS = """
SELECT stream_id AS stream, start_us, end_us, bytes, key, status, missing
FROM clips WHERE run = 'live' AND NOT end AND (stream_id = {stream:String} OR {stream:String} = '')
ORDER BY recorded_at, seq
"""
# Rows of a run are a partition of their own in every table.
RUNS = "SELECT DISTINCT partition AS run FROM system.parts WHERE active AND database = {database:String}"
StreamOption = Annotated[str, typer.Option("--stream", help="Only this stream.", show_default="all")]


def client(settings: Settings) -> Any:
    """A ClickHouse client on the views' database; ends with one line if the store can not be reached."""
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    hush()
    try:
        return clickhouse_connect.get_client(
            dsn=settings.clickhouse_url,
            username=settings.clickhouse_user,
            password=settings.clickhouse_password.get_secret_value(),
            database=settings.clickhouse_database,
        )
    except (ClickHouseError, OSError) as error:
        if "DB::Exception" in str(error):
            raise fail(short(error)) from error
        raise fail(away(settings, error)) from error


def hush() -> None:
    """Keeps ClickHouse's client from printing: what it logs, it raises as well."""
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())


def away(settings: Settings, error: Exception) -> str:
    """What to do about a ClickHouse that does not answer."""
    return (
        f"no ClickHouse answers at {settings.clickhouse_url} ({short(error)}): start the platform "
        "(`framelog up`) or set FRAMELOG_CLICKHOUSE"
    )


def short(error: Exception) -> str:
    """What an error says, without the address and the retries that the libraries between add."""
    text = " ".join(str(error).split())
    if found := re.search(r"DB::Exception: (.*?)(?: \(for url \S+\))?$", text) or re.search(
        r"\[Errno \d+\] [^\")]*", text
    ):
        text = found[found.re.groups]
    return text[:300]


def query(settings: Settings, text: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query; ends with the engine's own message if it refuses."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    with client(settings) as store:
        try:
            return list(store.query(text, parameters=parameters, settings=READING).named_results())
        except ClickHouseError as error:
            raise fail(short(error), 2) from error


def with_times(row: dict[str, Any]) -> dict[str, Any]:
    """The row with stream times as people write them."""
    return {k.removesuffix("_us"): seconds(v) if k.endswith("_us") else v for k, v in row.items()}


def put_back(settings: Settings, text: str, run: str, at: str) -> str:
    """The statement with every view as it was at a time, of one run; ends with one line where that can not be."""
    from api.sql_guard import Refused, guard
    from connectors.clickhouse.as_of import BadTime, as_of

    views = settings.clickhouse_database
    try:
        then = as_of(run, at, datetime.now(UTC))
        return text if then is None else guard(text, (views, f"{views}_log"), then)
    except (BadTime, Refused) as error:
        raise fail(str(error), 2) from error


def one_statement(text: str) -> str:
    """The statement without what ends it; ends the command where there is none, or more than one."""
    text = text.strip().rstrip("; \n")
    if not text:
        raise fail("there is no query: write one SELECT, such as 'SELECT count() FROM boxes'", 2)
    if ";" in text:
        import sqlglot
        from sqlglot.errors import SqlglotError

        try:
            many = len([found for found in sqlglot.parse(text, dialect="clickhouse") if found is not None])
        except SqlglotError:  # the engine says what is wrong with it
            many = 1
        if many > 1:
            raise fail(f"one SELECT at a time: these are {many} statements", 2)
    return text


def warn_of(settings: Settings, run: str) -> None:
    """Says so where the store has nothing of a run: no row of a wrong name looks like no row of its kind."""
    known = {row["run"] for row in query(settings, RUNS, database=f"{settings.clickhouse_database}_log")}
    if run not in known:
        there = ", ".join(sorted(known)) or "none"
        warnings.print(
            f"the store has no rows of a run {run!r}; it has those of {there}", style="yellow", markup=False
        )


def sql(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT.")],
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = "table",
    run: Annotated[str, typer.Option("--run", help="Only this run.", show_default="all; live with --as-of")] = "",
    at: Annotated[
        str, typer.Option("--as-of", help="As it was then: 2026-05-01T12:00:00Z, or -10m.", show_default="now")
    ] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask ClickHouse. Views hold every run in a column `run`; with --run or --as-of, that run as it was then.

    To have two side by side, a view's own function: boxes_as_of(run='live', at='2026-05-01T12:00:00Z').

    Example: framelog sql --run live --as-of -10m "SELECT label, count() FROM boxes GROUP BY label"
    """
    text = one_statement(text)
    settings = configured.load(data=data)
    text = put_back(settings, text, run, at)
    if run and run != LIVE:
        warn_of(settings, run)
    if form == "csv":
        from clickhouse_connect.driver.exceptions import ClickHouseError

        with client(settings) as store:
            try:
                typer.echo(store.raw_query(text, settings=READING, fmt="CSVWithNames"), nl=False)
            except ClickHouseError as error:
                raise fail(short(error), 2) from error
        return
    print_rows(query(settings, text), "rows", as_json or form == "json")


def streams(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Streams and their sessions.

    Example: framelog streams --json
    """
    rows = query(configured.load(data=data), STREAMS)
    print_rows(rows if as_json else map(with_times, rows), "streams", as_json)


def highlights(stream: StreamOption = "", data: DataOption = None, as_json: JsonOption = False) -> None:
    """Moments worth seeing.

    Example: framelog highlights --stream demo
    """
    rows = query(configured.load(data=data), HIGHLIGHTS, stream=stream)
    print_rows(rows if as_json else map(with_times, rows), "highlights", as_json)


def clips(stream: StreamOption = "", data: DataOption = None, as_json: JsonOption = False) -> None:
    """Highlights as files in the object store.

    Example: framelog clips --stream demo --json
    """
    rows = query(configured.load(data=data), CLIPS, stream=stream)
    print_rows(rows if as_json else map(with_times, rows), "clips", as_json)
