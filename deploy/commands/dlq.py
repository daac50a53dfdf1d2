"""`framelog dlq`: dead letters, listed, looked into, and sent back."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from connectors.letters.case import BadPlace, Case, Spot, Wanted, spot
from deploy import settings as configured
from deploy.commands.reach import prepared_log
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_json, print_rows
from topics.catalog import CATALOG
from topics.connection import Connection

HEX_BYTES = 512
WRONG = 2
app = typer.Typer(
    no_args_is_help=True,
    help="Dead letters: what could not be used, and what becomes of it.\n\nExample: framelog dlq list",
)
TopicOption = Annotated[
    str, typer.Option("--topic", help="Noun (frames) or whole topic name.", show_default="all")
]
StreamOption = Annotated[str, typer.Option("--stream", help="Only this stream.", show_default="all")]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Only where the reason holds these words.", show_default="all")
]
PlacesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[PLACE]...", help="TOPIC/PARTITION@OFFSET, as listed.")
]


def spots(places: Iterable[str] | None) -> tuple[Spot, ...]:
    """The places that were named; ends with one line for what is none."""
    try:
        return tuple(map(spot, places or ()))
    except BadPlace as error:
        raise fail(str(error), WRONG) from None


@app.command("list")
def list_(
    topic: TopicOption = "",
    stream: StreamOption = "",
    reason: ReasonOption = "",
    every: Annotated[bool, typer.Option("--all", help="Those that were dealt with too.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What could not be used, a line a message, by whom and why.

    Example: framelog dlq list --topic frames --reason JPEG
    """
    from connectors.letters.desk import cases_of

    connection = prepared_log(configured.load(data=data))
    found = cases_of(connection, Wanted(topic, stream, reason, handled=every))
    print_rows((case.as_row() for case in found), "dead letters", as_json)


@app.command()
def show(
    place: Annotated[str, typer.Argument(help="TOPIC/PARTITION@OFFSET: a dead letter's, or any other.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write the message's bytes to this file.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """One message: what it holds (hex where it holds no record), its headers, and what was said against it.

    Example: framelog dlq show framelog.frames/2@17 --out bad.bin
    """
    from connectors.letters.desk import cases_of, fetch
    from topics.read import consumer
    from topics.registry import Serde

    (at,) = spots([place])
    connection = prepared_log(configured.load(data=data))
    case = next(iter(cases_of(connection, Wanted(places=(at,), handled=True))), None)
    with consumer(connection) as client, Serde(connection) as serde:
        message = fetch(client, at) or (fetch(client, case.first.at) if case is not None else None)
        if message is None:
            raise fail(f"nothing lies at {at} (any more), and no dead letter is about it")
        told = {"place": str(at)} | shown(connection, serde, at, message, case)
    if out is not None:
        out.write_bytes(message.value() or b"")
        told["written"] = str(out)
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        if isinstance(value, dict):
            console.print(Text(name, "bold"))
            for key, inner in value.items():
                console.print(f"  {key}: {inner}", highlight=False, soft_wrap=True)
        else:
            console.print(Text(name, "bold"), end=": ")
            console.print(str(value), highlight=False, soft_wrap=True)


def shown(connection: Connection, serde: Any, at: Spot, message: Any, case: Case | None) -> dict[str, Any]:
    """A message in words."""
    from deploy.commands.shared import plain
    from schemas.codec import Undecodable

    names, value = connection.names, message.value() or b""
    topic = next((t for t in CATALOG if at.topic in (names.topic(t), names.dlq(t))), None)
    told: dict[str, Any] = {"key": (message.key() or b"").decode(errors="backslashreplace"), "bytes": len(value)}
    record = serde.decode(message.value(), topic) if topic is not None else Undecodable("no topic of records")
    if isinstance(record, Undecodable):
        told |= {"undecodable": record.reason, "hex": value[:HEX_BYTES].hex(" ", 2)}
    else:
        told["record"] = plain(record.as_dict())
    told["headers"] = {k: v.decode(errors="backslashreplace") if v else "" for k, v in message.headers() or ()}
    if case is not None:
        told["against it"] = {reader: one.reason for reader, one in case.letters.items()}
        told["state"] = case.as_row()["state"]
    return told


@app.command()
def replay(
    places: PlacesArgument = None,
    topic: TopicOption = "",
    stream: StreamOption = "",
    reason: ReasonOption = "",
    with_: Annotated[
        list[Path] | None,
        typer.Option(
            "--with", help="Repaired bytes, a file for each PLACE in turn: a message, or a frame's JPEG."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--every", help="All that are open.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send back what can be used by now: rows to the store, a session through the stations as a run. With --with,
    what was repaired by hand goes back as a new session. Exit code 1 if something is left.

    Example: framelog dlq replay framelog.frames/2@17 --with good.jpg
    """
    from connectors.letters.desk import cases_of
    from connectors.letters.repair import BadRepair
    from connectors.runs.record import BadRun
    from connectors.writing import StoreDown
    from deploy.letters import Desk
    from deploy.replay.group import RunFailed
    from topics.registry import Serde

    named = spots(places)
    files = with_ or []
    if files and len(files) != len(named):
        raise fail(
            f"{len(files)} files for {len(named)} places: --with takes a file for each PLACE in turn", WRONG
        )
    if not (named or topic or stream or reason or every):
        raise fail("which ones? Name places, --topic, --stream or --reason, or say --every", WRONG)
    settings = configured.load(data=data)
    connection = prepared_log(settings)
    wanted = Wanted(topic, stream, reason, named, handled=bool(files))
    cases = cases_of(connection, wanted)
    if missing := set(named) - {c.origin for c in cases}:
        raise fail(
            f"no open dead letter is about {', '.join(map(str, sorted(missing)))}: see `framelog dlq list --all`"
        )
    with Serde(connection) as serde:
        desk = Desk(
            settings, connection, serde, tell=lambda text: None if as_json else console.print(text), dry=dry_run
        )
        try:
            bodies = {place: path.read_bytes() for place, path in zip(named, files, strict=bool(files))}
            outcome = desk.mended(cases, bodies) if files else desk.again(cases)
        except (BadRepair, BadRun, RunFailed) as error:
            raise fail(str(error)) from error
        except StoreDown as error:
            raise fail(f"the store is away, the letters stay open: {error}") from error
    verb = "would be" if dry_run else "is"
    rows = [{"place": str(p), "reader": r, "result": f"{verb} {how}"} for (p, r), how in outcome.done.items()]
    rows += [{"place": str(p), "reader": "", "result": f"left: {why}"} for p, why in outcome.left.items()]
    print_rows(rows, "dead letters", as_json)
    raise typer.Exit(1 if outcome.left else 0)
