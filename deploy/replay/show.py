"""A run for people: its progress, and what is known of it."""

from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from connectors.runs.record import Run
from deploy.commands.shared import console, print_rows
from deploy.terminal import styled
from topics.route import ROUTE


class Bar:
    """A progress bar with the rate in stream time, or JSON lines."""

    def __init__(self, name: str, as_json: bool) -> None:
        doing, said = (TextColumn(what, markup=False) for what in ("{task.description}", "{task.fields[said]}"))
        columns = doing, BarColumn(), said, TimeRemainingColumn()
        self._bar = Progress(*columns, console=console, disable=as_json or not console.is_terminal, transient=True)
        self._name, self._task, self._doing = name, self._bar.add_task(name, total=None, said=""), ""

    def __enter__(self) -> "Bar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, told: Any) -> None:
        """Shows how far it is."""
        if told.doing != self._doing:
            self._doing = told.doing
            self._bar.reset(self._task)
        said = f"{told.done} of {told.whole} {told.doing}"
        if told.doing == "stream time":
            rate = told.done / 1e6 / told.seconds if told.seconds else 0.0
            said = f"{told.done / 1e6:.1f} of {told.whole / 1e6:.1f} s, {rate:.1f} × real time"
        self._bar.update(self._task, completed=told.done, total=told.whole or None, said=said)


def show(run: Run, length_us: int = 0) -> None:
    """A run for people."""
    rate = f", {length_us / 1e6 / run.seconds:.1f} × real time" if length_us and run.seconds else ""
    line = styled("run [bold]{}[/]: {}, {} s of work{}", run.name, run.state, f"{run.seconds:.1f}", rate)
    console.print(line, highlight=False)
    for p in run.passages:
        until = "its end" if p.until_us is None else f"{p.until_us / 1e6:.2f} s"
        console.print(
            f"  {p.stream_id} {p.session_id} from {(p.from_us or 0) / 1e6:.2f} s to {until}", highlight=False
        )
    console.print(
        f"  by {run.who} at {run.planned_at}, profile {run.profile}, build {run.build[:12]}", highlight=False
    )
    if run.asked:
        console.print(f"  with {', '.join(run.asked)}", highlight=False)
    rows = [
        {
            "noun": noun, "records": out.records, "digest": out.digest[:12],
            "live": "" if noun not in run.live else "equal" if run.live[noun] == out else "differs",
            "rows": run.rows.get(noun, "").partition("-")[2][:12],
            "model": model_of(run, noun),
        }
        for noun, out in run.said.items()
    ]  # fmt: skip
    if rows:
        print_rows(rows, "what it said", False)
    if run.lag:
        console.print(f"  live was behind by at most {max(run.lag.values())} records meanwhile", highlight=False)


def model_of(run: Run, noun: str) -> str:
    """The model of the station that writes a noun."""
    station = next((e.name for e in ROUTE if e.writes.noun == noun), None)
    if station is None:
        return f"{run.fps:g} a second"
    model = run.models[station]
    return f"{model.name} {model.sha256[:8]}".strip()
