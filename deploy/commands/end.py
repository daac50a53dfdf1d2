"""The command that ends a session whose producer will not."""

from typing import Annotated

import typer

from deploy import settings as configured
from deploy.commands.reach import log_of
from deploy.commands.shared import DataOption, JsonOption, fail, print_rows


def end(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="The stream, as it is called in the log.")],
    session: Annotated[str, typer.Option("--session", help="Only this session.", show_default="all open")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the end marks that a producer which died for good has left out, so that its sessions are finished.

    One that is still written to is refused: stop its producer first. What comes of it later is dead letters.

    Example: framelog end door
    """
    from connectors.ingest import IngestError
    from deploy.endings import StillWritten, end_by_hand

    settings = configured.load(data=data)
    try:
        ended = end_by_hand(log_of(settings), stream, session, settings.ingest)
    except (IngestError, StillWritten) as error:
        raise fail(str(error)) from error
    if not ended:
        raise fail(
            f"stream {stream} has no open session{f' {session}' if session else ''}: see `framelog streams`"
        )
    print_rows(
        [{"stream": s.stream_id, "session": s.session_id, "ended_on": ", ".join(nouns)} for s, nouns in ended],
        "sessions",
        as_json,
    )
