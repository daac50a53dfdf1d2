"""Everything that can be set, as rows and as CONFIGURATION.md: `python -m deploy.configuration [--check]`."""

import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path

from deploy.settings import CONFIG_FILE, Settings
from deploy.tunables import Tunable, tunables
from processors.build import default_config
from topics.route import STATIONS

FILE = Path(__file__).parent.parent / "CONFIGURATION.md"
HEAD = f"""# Configuration

Written by `python -m deploy.configuration`; `framelog settings` prints the same.

Each line can be set in the environment under its name, or in `{CONFIG_FILE}` in the folder that the command is
called in: `FRAMELOG_PORT=9000` is `port = 9000`, `FRAMELOG_HIGHLIGHTS__COOLDOWN_S=8` is `cooldown_s = 8` under
`[highlights]`. An option of a command wins over the environment, the environment over the file.
"""


def everything() -> Iterator[tuple[str, list[Tunable]]]:
    """Every group of settings with what can be set in it: the platform, its connectors, each station."""
    platform = []
    inner: dict[str, list[Tunable]] = {}
    for name, field in Settings.model_fields.items():
        value = field.get_default(call_default_factory=True)
        if is_dataclass(value) and not isinstance(value, type):
            inner[name] = list(tunables(value, name))
        else:
            platform.append(Tunable(name, value, field.description or ""))
    yield "platform", platform
    yield from inner.items()
    for station in STATIONS:
        yield station, list(tunables(default_config(station), station))


def cell(text: str) -> str:
    """A text as it can stand in a table of Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def default_of(tunable: Tunable) -> str:
    """A default as a reader would write it; empty where nothing is set."""
    value = tunable.default
    return "" if value is None or str(value) in ("", "{}") else f"`{value}`"


def document() -> str:
    """The whole file."""
    parts = [HEAD]
    for group, found in everything():
        if not found:
            continue
        rows = [f"| `{t.variable}` | {cell(default_of(t))} | {cell(t.meaning)} |" for t in found]
        parts.append("\n".join([f"## {group}\n", "| variable | default | meaning |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def main() -> None:
    """Writes the file, or with `--check` ends with 1 if it is not what would be written."""
    if "--check" not in sys.argv[1:]:
        FILE.write_text(document())
    elif not FILE.exists() or FILE.read_text() != document():
        sys.exit("CONFIGURATION.md is not fresh: run `python -m deploy.configuration`")


if __name__ == "__main__":
    main()
