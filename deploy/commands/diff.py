"""`framelog diff`: what two runs say differently about the same stretch of the log."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from connectors.diff.gate import BadGate, Gate, check, parse
from connectors.diff.nouns import ALIASES, BY_NAME, named
from connectors.diff.report import Compared
from deploy import settings as configured
from deploy.asked import apart, asked, told
from deploy.commands.reach import log_of
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_json, seconds, warnings
from topics.connection import Connection

USAGE = 2
TOLD = 3
"""Examples of each noun that the terminal shows."""
COLOURS = {"lost": "red", "added": "green", "relabelled": "magenta", "substituted": "magenta"}


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A run; `live` is the platform's own.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The run to compare with it.")],
    stream: Annotated[str, typer.Option("--stream", help="Only this stream.", show_default="all")] = "",
    session: Annotated[str, typer.Option("--session", help="Only this session.", show_default="all")] = "",
    noun: Annotated[list[str] | None, typer.Option("--noun", help="Only this noun; may be repeated.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with pictures to this file.")] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option("--fail-on", help="Exit with 1 if this holds, e.g. 'highlights.lost>0'; may be repeated."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What two runs say differently about the same stretch of the log.

    Example: framelog diff live candidate --stream demo --html diff.html --fail-on 'highlights.lost>0'
    """
    nouns = nouns_of(noun or ())
    gates = gates_of(fail_on or (), nouns)
    settings = configured.load(data=data)
    connection = log_of(settings)
    compared, report = reported(connection, a, b, nouns, settings.diff, stream, session, html)
    for gate in gates:
        try:
            check(gate, compared.measured)
        except BadGate as error:
            raise fail(str(error), USAGE) from None
    failed = [gate.told(compared.measured) for gate in gates if gate.holds(compared.measured)]
    report["failed"] = failed
    if as_json:
        print_json(report)
    else:
        shown(report)
        if html is not None:
            console.print(f"page: {html} ({html.stat().st_size / 1e6:.1f} MB)", highlight=False)
    if failed:
        raise fail("; ".join(failed))


def nouns_of(given: Sequence[str]) -> list[str]:
    """The nouns to compare, in the route's order; ends the command for one that does not exist."""
    chosen = set()
    for text in given:
        noun = named(text)
        if noun is None:
            there = ", ".join([*BY_NAME, *(f"{alias} ({noun})" for alias, noun in ALIASES.items())])
            raise fail(f"there is no noun {text!r} to compare; there is {there}", USAGE)
        chosen.add(noun.name)
    return [name for name in BY_NAME if not given or name in chosen]


def gates_of(texts: Sequence[str], nouns: Sequence[str]) -> list[Gate]:
    """The bounds; ends the command before anything is read if one makes no sense."""
    from connectors.diff.compare import findings_of
    from connectors.diff.config import Config
    from connectors.diff.nouns import measures

    there = {name: measures(BY_NAME[name], findings_of(Config())) for name in nouns}
    try:
        gates = [parse(text) for text in texts]
        for gate in gates:
            check(gate, there)
    except BadGate as error:
        raise fail(str(error), USAGE) from None
    return gates


def reported(
    connection: Connection,
    a: str,
    b: str,
    nouns: Sequence[str],
    config: Any,
    stream: str,
    session: str,
    html: Path | None,
) -> tuple[Compared, dict[str, Any]]:
    """Reads both runs, compares them and writes the page; ends the command if there is nothing to compare."""
    from connectors.diff.log import NoSuchRun, RunLog
    from connectors.diff.page import html as page
    from connectors.diff.pictures import pictures, wanted, with_frames
    from connectors.diff.report import plain
    from connectors.diff.session import diff as compare
    from topics.registry import Serde

    if html is not None and not html.parent.is_dir():
        raise fail(f"{html.parent}: there is no such folder to write the page to", USAGE)
    if html is not None and html.is_dir():
        raise fail(f"{html} is a folder: name a file in it for the page", USAGE)
    with Serde(connection) as serde, warnings.status("reading the log") as status:
        try:
            with RunLog(connection, serde, a) as left, RunLog(connection, serde, b) as right:
                compared = compare(left, right, nouns, config, stream, session, status.update)
        except NoSuchRun as error:
            raise fail(str(error), USAGE) from None
        if not compared.sessions:
            what = " ".join(filter(None, (stream and f"stream {stream}", session and f"session {session}")))
            raise fail(f"neither {a} nor {b} says anything{f' of {what}' if what else ''}", USAGE)
        left_side, right_side = asked(connection, a, compared.survey_a), asked(connection, b, compared.survey_b)
        report = plain(compared, nouns) | {
            "runs": {"a": left_side.plan, "b": right_side.plan},
            "settings": apart(left_side, right_side),
        }
        report["notes"] += dict.fromkeys([*left_side.notes, *right_side.notes])
        if html is not None:
            status.update("fetching pictures")
            with_frames(report, compared)
            html.write_text(page(report, compared, pictures(connection, serde, wanted(report))))
    return compared, report


def shown(report: Mapping[str, Any]) -> None:
    """The report in a terminal's length."""
    for side in "ab":
        plan = told(report["runs"][side])
        console.print(
            Text.assemble((f"{side.upper()} ", "dim"), (report[side], "bold"), f"  {plan}" if plan else "")
        )
    for session in report["sessions"]:
        if session["from_us"] is not None:
            where = f"{seconds(session['from_us'])} – {seconds(session['until_us'])}"
            console.print(f"  {session['stream_id']} {session['session_id'][:8]}  {where}", highlight=False)
    for note in report["notes"]:
        console.print(Text(f"  ! {note}", "yellow"))
    if report["settings"]:
        console.print(_settings(report["settings"]))
    console.print(_models(report["models"]))
    console.print(_counts(report["nouns"]))
    if report["same"]:
        console.print("the runs say the same" if report["nouns"] else "nothing could be compared", style="bold")
        return
    for noun, examples in report["examples"].items():
        for example in examples[:TOLD]:
            kind = Text(f"{example['kind']:<11}", COLOURS.get(example["kind"], "yellow"))
            at = seconds(example["at_us"])
            line = Text.assemble((f"{noun:<11}", "bold"), f"{at}  ", kind, " ", example["text"])
            console.print(line, overflow="ellipsis", no_wrap=True)


def _settings(rows: Sequence[Mapping[str, Any]]) -> Table:
    """What was set otherwise in one run than in the other."""
    table = Table(box=None, header_style="bold", title_justify="left")
    for column in ("set apart", "A", "B"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row["path"], *(Text("–" if row[s] is None else f"{row[s]}") for s in "ab"))
    return table


def _models(models: Sequence[Mapping[str, Any]]) -> Table:
    """What computed both, where it differs."""
    table = Table(box=None, header_style="bold", title_justify="left")
    for column in ("computed by", "A", "B"):
        table.add_column(column, overflow="fold")
    for row in models:
        sides = [", ".join(map(model_name, row[side])) or "–" for side in "ab"]
        if row["same"]:
            table.add_row(row["noun"], Text(sides[0], "dim"), Text("the same", "dim"))
        else:
            table.add_row(row["noun"], Text(sides[0]), Text(sides[1]))
    return table


def model_name(model: Mapping[str, Any]) -> str:
    """A model as people write it: name, version, begin of its weights' hash."""
    sha = f" ({model['sha256'][:8]})" if model["sha256"] else ""
    return " ".join(filter(None, (model["name"], model["version"]))) + sha


def _counts(nouns: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(box=None, header_style="bold", title_justify="left")
    table.add_column("")
    for column in ("A", "B", "same", "changed", "added", "lost", "agree"):
        table.add_column(column, justify="right")
    table.add_column("of these")
    for noun, m in nouns.items():
        counts: list[str | Text] = [f"{m['a']:g}", f"{m['b']:g}", f"{m['equal'] + m['close']:g}"]
        counts += [
            _shown(m["changed"], "yellow"),
            _shown(m["added"], "green"),
            _shown(m["lost"], "red"),
            f"{m['agreement']:.1%}",
        ]
        table.add_row(noun, *counts, Text(_besides(m), "dim"))
    return table


def _shown(count: float, colour: str) -> Text:
    return Text(f"{count:g}", colour if count else "dim")


def _besides(m: Mapping[str, float]) -> str:
    """What else there is to say about a noun, if anything."""
    told = [f"WER {m['wer']:.1%}"] if "wer" in m else []
    skipped = {"frames", "matched", "changed", "edits", "persons"}
    names = [n for n in list(m)[12:] if n not in skipped and not n.startswith("mean_") and n != "wer"]
    told += [f"{n.removesuffix('_changed').replace('_', ' ')} {m[n]:g}" for n in names if m[n]]
    return ", ".join(told)
