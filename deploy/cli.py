"""The command line."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def framelog() -> None:
    """Understands live video and sound, from a log."""


@app.command()
def setup() -> None:
    """Prepare what is not a Python package."""


def main() -> None:
    """Entry point."""
    app()
