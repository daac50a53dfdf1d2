"""Lines for people in a terminal: data stays data, styles are ours."""

from collections.abc import Callable
from contextlib import suppress

from rich.console import Console
from rich.markup import escape
from rich.text import Text


def terminal(*, stderr: bool = False) -> Console:
    """A console that prints what it is given: brackets and colons in a path, in a title that a model wrote or in
    the name of an extra are no styles. The terminal wraps; where there is none, a line stays a line.
    """
    return Console(stderr=stderr, soft_wrap=True, markup=False, emoji=False)


def styled(template: str, *values: object) -> Text:
    """A line of rich's markup with values at its `{}`, which stay as they are whatever they hold."""
    return Text.from_markup(template.format(*(escape(str(value)) for value in values)), emoji=False)


def quiet(say: Callable[[str], None]) -> Callable[[str], None]:
    """The same, for who must not end because a line found no room: where it goes may be a file on a full disk."""

    def said(line: str) -> None:
        with suppress(OSError):
            say(line)

    return said
