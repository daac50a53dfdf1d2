"""The command `why`: from a record back to the raw log."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from deploy import settings as configured
from deploy.commands.ask import hush
from deploy.commands.reach import log_of
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_json, seconds, warnings
from deploy.settings import Settings
from topics.names import LIVE

SIGNS = {"log": "", "there": "", "store": "only the store has it", "partly": "partly gone", "missing": "missing"}
INCOMPLETE = 3  # the chain is told, but part of it has gone


def why(
    record_id: Annotated[str, typer.Argument(help="Id of a highlight, an event or any other derived record.")],
    run: Annotated[str, typer.Option("--run", help="Run whose record it is.")] = LIVE,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write frame.jpg, frame-boxes.jpg and sound.wav there.")
    ] = None,
    whole: Annotated[bool, typer.Option("--all", help="A line for every record, not one for each kind.")] = False,
    from_log: Annotated[bool, typer.Option("--log", help="Read the log alone, without the store.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a record stands on: windows, derived records, and topic/partition/offset of the raw log.

    Exit code 3: part of that has gone (retention), which is marked.

    Example: framelog why 0d1f8c7e-… --out evidence/
    """
    from connectors.why.chain import grow
    from connectors.why.library import Library
    from connectors.why.outline import outline
    from topics.fetch import Fetcher
    from topics.registry import Serde

    if out is not None and out.exists() and not out.is_dir():
        raise fail(f"{out} is no folder: name one for picture and sound", 2)
    settings = configured.load(data=data)
    connection = log_of(settings)
    ask = None if from_log else _store(settings)
    fetcher = Fetcher(connection)
    try:
        with Serde(connection) as serde:
            library = Library(connection, serde, fetcher, ask, f"{settings.clickhouse_database}_log", run)
            root = library.root(record_id)
            if root is None:
                where = "the log" if ask is None else "the store (a record is there a second after it is said)"
                raise fail(
                    f"no record {record_id} of run {run} in {where}: `framelog highlights --json` lists ids"
                )
            chain = grow(root, library.fetch)
            files = _write(out, fetcher, serde, chain) if out else {}
    finally:
        fetcher.close()
    if as_json:
        print_json(chain.as_dict() | {"run": run, "files": files})
    else:
        console.print(_tree(outline(chain, whole=whole)), soft_wrap=True)
        for what, path in files.items():
            console.print(f"{what}: {path}", highlight=False, soft_wrap=True)
    if chain.missing:
        gone = f"{len(chain.missing)} of {len(chain.nodes)} records have gone: {chain.missing[0].found.why}"
        warnings.print(gone, style="yellow", highlight=False, soft_wrap=True)
        raise typer.Exit(INCOMPLETE)


def _store(settings: Settings) -> Any:
    """How the store is asked; None, with a word about it, where it does not answer."""
    from api.problem import Problem
    from api.store import Clickhouse, Store

    hush()
    store = Store(
        Clickhouse(
            settings.clickhouse_url, settings.clickhouse_database, f"{settings.clickhouse_database}_log",
            settings.clickhouse_user, settings.clickhouse_password.get_secret_value(),
        )
    )  # fmt: skip
    try:
        store.ask("SELECT 1 AS one")
    except Problem:
        warnings.print("the store does not answer: reading the log through instead", style="yellow")
        return None
    return store.ask


def _write(folder: Path, fetcher: Any, serde: Any, chain: Any) -> dict[str, str]:
    """Writes the picture and the sound, as far as the log still has them; which files these are."""
    from connectors.why import media, picture
    from connectors.why.wave import wav
    from topics.fetch import Absent

    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, str] = {}

    def keep(what: str, name: str, content: bytes) -> None:
        (folder / name).write_bytes(content)
        written[what] = str(folder / name)

    at = picture.shown(chain)
    found = media.frame(fetcher, serde, at) if at else Absent("it stands on no picture")
    if isinstance(found, Absent):
        warnings.print(f"no picture: {found.why}", style="yellow", highlight=False)
    elif at is not None:
        keep("picture", "frame.jpg", found.image)
        keep("boxes", "frame-boxes.jpg", picture.drawn(found.image, picture.marks(chain, at)))
    pcm = media.sound(fetcher, serde, chain)
    if pcm:
        keep("sound", "sound.wav", wav(pcm))
    else:
        warnings.print("no sound: it stands on none, or the log has deleted it", style="yellow", highlight=False)
    return written


def _tree(branch: Any) -> Tree:
    """A branch and what is below it, for the terminal."""
    tree = Tree(_line(branch), guide_style="dim")
    for below in branch.branches:
        tree.children.append(_tree(below))
    return tree


def _line(branch: Any) -> Text:
    from connectors.why.outline import places

    nodes = branch.nodes
    line = Text(branch.noun, style="bold")
    if len(nodes) > 1:
        line.append(f" × {len(nodes)}", style="bold")
    timed = [n.span_us for n in nodes if n.found.fields]
    if timed:
        line.append(f"  {seconds(min(t[0] for t in timed))} … {seconds(max(t[1] for t in timed))}", style="cyan")
    texts = list(dict.fromkeys(n.text for n in nodes if n.found.fields and n.text))
    if texts:
        line.append("  " + "; ".join(texts[:3]) + (" …" if len(texts) > 3 else ""))
    line.append(f"  {places(nodes)}", style="dim")
    signs = {SIGNS[n.found.state]: n.found.why for n in nodes if SIGNS[n.found.state]}
    for sign, reason in signs.items():
        line.append(f"  {sign}" + (f": {reason}" if reason else ""), style="yellow")
    if branch.again:
        line.append("  (told above)", style="dim")
    return line
