"""Every setting is documented, where a reader looks for it."""

import json
from pathlib import Path

from typer.testing import CliRunner

from deploy.cli import app
from deploy.configuration import FILE, cell, document, everything


def test_every_setting_has_a_meaning() -> None:
    silent = [t.variable for _, group in everything() for t in group if len(t.meaning.split()) < 2]
    assert silent == []


def test_the_command_lists_exactly_what_the_file_lists() -> None:
    said = CliRunner().invoke(app, ["settings", "--json"])
    rows = [json.loads(line) for line in said.stdout.splitlines()]
    assert [r["variable"] for r in rows] == [t.variable for _, group in everything() for t in group]
    written = FILE.read_text()
    assert all(f"| `{r['variable']}` |" in written and cell(r["meaning"]) in written for r in rows)


def test_the_file_is_what_would_be_written() -> None:
    assert FILE.read_text() == document()


def test_no_default_holds_a_path_of_one_machine() -> None:
    assert str(Path.home()) not in document()
