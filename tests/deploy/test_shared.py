"""What commands print, where no terminal is."""

import pytest

from deploy.commands.shared import console, print_rows
from deploy.demo import show
from schemas.records import Highlight


def test_a_line_of_the_demo_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    title = "a person enters, applause, and somebody speaks after eight seconds of silence, surprised and loud"
    assert show(Highlight(start_us=1_500_000, end_us=12_000_000, score=0.9, title=title), console)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(title)


def test_a_table_keeps_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], "clips", as_json=False)
    assert capsys.readouterr().out == "no clips\n"
    print_rows([{"key": "k" * 100, "bytes": 7}], "clips", as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(line.split()[0] for line in lines[2:]) == "k" * 100
