"""`framelog rebuild`: the store made anew from the log, compared, and put in the old one's place."""

from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy import settings as configured
from deploy.commands.reach import log_of
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_json, print_rows, warnings

# Exit codes: built, and not put in the old one's place; another rebuild is at work.
KEPT, TAKEN = 3, 4


def rebuild(
    database: Annotated[
        str, typer.Option("--database", help="Name to build under.", show_default="framelog_rebuilt")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Swap even if the old one holds rows that the log has not.")
    ] = False,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Drop the old tables after the swap.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make ClickHouse's tables anew from the log and swap them in; readers notice nothing.

    Every topic of live and of each run is read from its beginning. Where the new tables differ from the old ones,
    or the log has no records any more for some old rows, nothing is swapped (exit code 3) unless --force says so.
    Interrupted, it goes on where it was when called again. While one is at work another ends with exit code 4.

    Example: framelog rebuild --drop-old
    """
    from connectors.clickhouse.schema import Incompatible
    from connectors.rebuild.alone import Taken
    from connectors.rebuild.run import rebuild as run
    from connectors.rebuild.swap import NotSwapped
    from deploy.commands.ask import away, hush, short
    from deploy.commands.parts import store_address

    settings = configured.load(data=data)
    name = database or f"{settings.clickhouse_database}_rebuilt"
    if not name.isidentifier():
        raise fail(f"{name} is no name for a database: letters, digits and _", 2)
    from clickhouse_connect.driver.exceptions import ClickHouseError

    hush()
    connection = log_of(settings)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=warnings, disable=as_json or not warnings.is_terminal) as progress:
            task = progress.add_task("reading the log", total=None)
            outcome = run(
                connection,
                store_address(settings),
                name,
                force=force,
                drop_old=drop_old,
                told=lambda done, left: progress.update(task, completed=done, total=done + left),
            )
    except Taken as error:
        raise fail(str(error), TAKEN) from error
    except (NotSwapped, Incompatible) as error:
        raise fail(str(error)) from error
    except (ClickHouseError, OSError) as error:
        if "DB::Exception" not in str(error):
            raise fail(f"{away(settings, error)}; call `framelog rebuild` again, it goes on from here") from error
        raise fail(f"ClickHouse: {short(error)}; call `framelog rebuild` again, it goes on from here") from error
    rows = [row_of(compared) for compared in outcome.nouns]
    print_rows(rows, "tables", as_json)
    if as_json:
        print_json({"swapped": outcome.swapped, "equal": outcome.equal, "gone": outcome.gone,
                    "sinks_held_s": round(outcome.held_s, 1)})  # fmt: skip
    else:
        console.print(told(outcome, settings.clickhouse_database, name, drop_old))
    if not outcome.swapped:
        raise typer.Exit(KEPT)


def row_of(compared: Any) -> dict[str, Any]:
    """A line of the table."""
    where = f"{compared.first_gone} to {compared.last_gone}" if compared.gone else ""
    return {
        "run": compared.run, "noun": compared.noun, "old": compared.old, "new": compared.new,
        "equal": compared.equal, "gone": compared.gone, "gone_at": where,
    }  # fmt: skip


def told(outcome: Any, old: str, new: str, drop_old: bool) -> str:
    """What was done, and what can be done now."""
    if outcome.swapped:
        kept = "dropped" if drop_old else f"left as {new}_log; --drop-old drops them next time"
        return f"swapped: {old} is the new one; sinks waited {outcome.held_s:.1f} s; the old tables are {kept}"
    why = (
        f"{outcome.gone} rows of {old} have no records in the log any more (retention deleted them): they can not "
        "be rebuilt"
        if outcome.gone
        else f"{new} differs from {old} in the tables marked False"
    )
    return (
        f"not swapped: {why}. {old} is as it was; {new} holds what the log gave. `framelog rebuild --force` "
        f"swaps all the same and leaves the old tables as {new}_log"
    )
