"""Commands for stretches of the raw log that are to outlive its retention."""

import re
from typing import Annotated, Any

import typer
from rich.progress import Progress, TextColumn

from deploy import settings as configured
from deploy.commands.parts import objects_of
from deploy.commands.reach import log_of
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_json, print_rows, seconds
from deploy.replay.times import BadTime, stream_us

holds = typer.Typer(
    help="Held stretches of the log: list, show, verify, rm.\n\nExample: framelog holds list", no_args_is_help=True
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the hold.")]


def hold(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="Stream to hold.")],
    session: Annotated[str | None, typer.Option("--session", help="Session.", show_default="newest")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Stream time, 83.5 or 1:23.5.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Stream time.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the hold.", show_default="made")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a stretch of the raw log to the object store, so that it outlives retention. Again completes it.

    Example: framelog hold door --from 1:10 --to 2:00 --name accident
    """
    from connectors.holds import BadHold, Part, plan, take
    from topics.registry import Serde

    settings = configured.load(data=data)
    try:
        bounds_us = [None if t is None else stream_us(t) for t in (start, end)]
    except BadTime as error:
        raise fail(str(error), 2) from error
    connection, objects = log_of(settings), objects_of(settings)
    with (
        Serde(connection) as serde,
        Progress(
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=as_json or not console.is_terminal,
        ) as bar,
    ):
        task = bar.add_task(f"holding {stream}", total=None)

        def told(part: Part) -> None:
            bar.update(task, description=f"{part.noun}: {part.messages} records, {part.bytes / 1e6:.1f} MB")

        try:
            wanted = plan(connection, serde, name or made_name(stream, start, end), stream, session, *bounds_us)
            done = take(connection, serde, objects, wanted, told)
        except BadHold as error:
            raise fail(str(error)) from error
    if as_json:
        print_json(row(done))
        return
    counts = ", ".join(f"{count} {noun}" for noun, count in done.counts.items())
    console.print(f"held as {done.hold.name}: {counts}, {done.bytes / 1e6:.1f} MB", highlight=False)


def made_name(stream: str, start: str | None, end: str | None) -> str:
    """A name that says what is held; the same for the same stretch, so that the same command goes on with it."""
    text = f"{stream}-{start or 'begin'}-{end or 'end'}"
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)[:100]


def row(manifest: Any) -> dict[str, Any]:
    """A hold in a line."""
    held = manifest.hold
    return {
        "name": held.name, "stream": held.stream, "session": held.session, "from_us": held.from_us,
        "until_us": held.until_us, **manifest.counts, "bytes": manifest.bytes, "held_at": manifest.held_at,
    }  # fmt: skip


@holds.command("list")
def listed(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Whole holds of the object store.

    Example: framelog holds list
    """
    from connectors.holds import BadHold
    from connectors.holds import holds as found

    try:
        rows = [row(m) for m in found(objects_of(configured.load(data=data)))]
    except BadHold as error:
        raise fail(str(error)) from error
    times = {"from_us", "until_us"}
    told = ({k.removesuffix("_us"): seconds(v) if k in times else v for k, v in r.items()} for r in rows)
    print_rows(rows if as_json else told, "holds", as_json)


def _of(name: str, data: Any) -> tuple[Any, Any]:
    from connectors.holds import BadHold, manifest_of

    objects = objects_of(configured.load(data=data))
    try:
        return objects, manifest_of(objects, name)
    except BadHold as error:
        raise fail(str(error)) from error


@holds.command("show")
def show(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The files of a hold, with their offsets and sha256.

    Example: framelog holds show accident
    """
    import msgspec

    _, manifest = _of(name, data)
    if as_json:
        print_json(msgspec.to_builtins(manifest))
        return
    print_rows((msgspec.to_builtins(part) for part in manifest.parts), f"files of {name}", as_json)


@holds.command("verify")
def verify(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Read a hold whole and compare it with what was held.

    Example: framelog holds verify accident
    """
    from connectors.holds import faults

    objects, manifest = _of(name, data)
    found = list(faults(objects, manifest))
    if as_json:
        print_json({"name": name, "files": len(manifest.parts), "faults": found})
    else:
        console.print(f"{name}: {len(manifest.parts)} files, {len(found)} faults", *found, sep="\n")
    raise typer.Exit(1 if found else 0)


@holds.command("rm")
def rm(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Take a hold away, also one that was only begun.

    Example: framelog holds rm accident
    """
    from connectors.holds import BadHold, remove

    try:
        count = remove(objects_of(configured.load(data=data)), name)
    except BadHold as error:
        raise fail(str(error)) from error
    if as_json:
        print_json({"name": name, "objects": count})
    else:
        console.print(f"{name}: {count} objects taken away", highlight=False)
