"""The command that takes a source into the log."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deploy import settings as configured
from deploy.commands.shared import DataOption, JsonOption, console, fail, print_json, seconds

if TYPE_CHECKING:
    from connectors.ingest import Progress as Told


def ingest(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="A file, rtsp://, rtmp://, srt://, http(s)://…, or log:STREAM@FROM..TO."
        ),
    ],
    stream: Annotated[str, typer.Option("--stream", help="What the stream is called in the log.")],
    fps: Annotated[float | None, typer.Option("--fps", help="Pictures a second.", show_default="10")] = None,
    speed: Annotated[Literal["max", "real"], typer.Option("--speed", help="How fast a file is taken.")] = "max",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a file or a live source into the log. The same file again adds nothing; a broken-off one is completed.

    Example: framelog ingest clip.mp4 --stream door --fps 10
    """
    from connectors.ingest import IngestError, SourceError
    from connectors.ingest import ingest as run

    settings = configured.load(data=data)
    config = settings.ingest if fps is None else replace(settings.ingest, fps=fps)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=as_json, transient=True) as bar:
        task = bar.add_task(stream, total=None, said="")

        def told(p: "Told") -> None:
            if as_json:
                print_json(asdict(p))
                return
            said = f"{p.frames} frames, {seconds(p.stream_us)}, {p.rate:.1f}×"
            lost = f", {p.dropped} dropped" if p.dropped else ""
            bar.update(task, completed=p.stream_us, total=p.duration_us, said=said + lost)

        try:
            summary = run(url, stream, settings.connection, config, told, speed=speed)
        except (SourceError, IngestError) as error:
            raise fail(str(error)) from error
    if as_json:
        print_json(asdict(summary))
        return
    for note in summary.notes:
        console.print(f"note: {note}", highlight=False)
    if summary.already:
        console.print(f"{stream}: already in the log, nothing added (session {summary.session_id})")
        return
    written = ", ".join(f"{count} {noun}" for noun, count in summary.written.items())
    state = "stopped before its end" if summary.stopped else "complete"
    console.print(f"{stream}: {written} in {summary.seconds:.1f} s, {state} (session {summary.session_id})")
