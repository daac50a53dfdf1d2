"""`framelog verify`: holds the log and the stores to every promise made of them."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from deploy import settings as configured
from deploy.commands.ask import hush, short
from deploy.commands.parts import objects_of, store_address
from deploy.commands.reach import log_of
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_json, print_rows
from deploy.settings import NotRunning
from topics.names import LIVE

CANNOT = 2
TOLD = {
    "doubles": "records written twice, which every reader drops",
    "behind": "not written yet; --wait waits for it",
    "gone": "named, and removed by retention since",
    "outside": "named, and not in the range that was read",
    "poison": "raw messages of no use, which are in the dead letters",
}
RunOption = Annotated[str, typer.Option("--run", help="Run: live, or a replay's name.")]
StreamOption = Annotated[str, typer.Option("--stream", help="Only this stream.", show_default="all")]
TimeOption = typer.Option(help="Only what was written from then: 2026-11-21T13:00, UTC where no zone is given.")


def moment_ms(text: str | None) -> int | None:
    """A time as ISO 8601 in ms since 1970."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise fail(f"{text!r} is no time: write it like 2026-11-21T13:00:00+00:00", CANNOT) from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def verify(
    stream: StreamOption = "",
    run: RunOption = LIVE,
    since: Annotated[str | None, typer.Option("--from", help=TimeOption.help)] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only what was written before then.")] = None,
    wait: Annotated[
        float, typer.Option("--wait", help="Wait so many seconds at most until everything is level.", min=0)
    ] = 0,
    store: Annotated[bool, typer.Option("--store/--no-store", help="Compare the rows of ClickHouse too.")] = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every promise: order, ids, answers, references, dead letters, rows, clips. Exit code 1: one is broken.

    Example: framelog verify --stream demo --wait 60
    """
    from clickhouse_connect.driver.exceptions import Error as StoreError
    from confluent_kafka import KafkaException

    from connectors.runs.record import BadRun
    from connectors.verify import verify as verified

    hush()
    settings = configured.load(data=data)
    began_s = time.monotonic()
    try:
        connection = log_of(settings)
        from_ms, to_ms = moment_ms(since), moment_ms(until)
        report = verified(
            connection, store_address(settings) if store else None, objects_of(settings), run, stream,
            wait_s=wait, from_ms=from_ms, to_ms=to_ms,
        )  # fmt: skip
    except (NotRunning, BadRun) as error:
        raise fail(str(error), CANNOT) from None
    except KafkaException as error:
        raise fail(f"the log can not be read: {error.args[0]}", CANNOT) from None
    except StoreError as error:
        raise fail(f"the store can not be read: {short(error)}", CANNOT) from None
    except OSError as error:
        raise fail(f"the object store can not be read: {error}", CANNOT) from None
    if stream and not report.records and from_ms is None and to_ms is None:
        raise fail(
            f"run {run} says nothing of a stream {stream}: `framelog streams` lists those that there are", CANNOT
        )
    seconds = round(time.monotonic() - began_s, 1)
    if as_json:
        print_json(report.as_dict() | {"seconds": seconds})
    else:
        print_rows(report.rows(), f"run {run}", False)
        for name, count in report.told.items():
            console.print(f"{name}: {count} ({TOLD[name]})", highlight=False)
        for fault in report.faults:
            console.print(Text(fault.check, "bold red"), fault.place, highlight=False, soft_wrap=True)
            console.print(
                f"    {fault.text}\n    look: {fault.look}", highlight=False, soft_wrap=True, markup=False
            )
        total = sum(report.faulty.values())
        judged = f"{total} faults" if total else "all true"
        console.print(f"{sum(report.records.values())} records in {seconds} s: {judged}", highlight=False)
    raise typer.Exit(0 if report.ok else 1)
