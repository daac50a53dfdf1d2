"""What commands print, where no terminal is."""

import pytest

from deploy.commands.shared import console, fail, print_rows
from deploy.demo import show
from deploy.terminal import styled
from schemas.records import Highlight


def test_a_line_of_the_demo_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    title = "a person enters, applause, and somebody speaks after eight seconds of silence, surprised and loud"
    assert show(Highlight(start_us=1_500_000, end_us=12_000_000, score=0.9, title=title), console)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(title)


@pytest.mark.parametrize("said", ["framelog[sounds]", "see [/b] and [red]", ":smile: [link=x]", "a\\[b]", "{x}"])
def test_what_is_said_stays_as_it_is_whatever_brackets_it_has(
    capsys: pytest.CaptureFixture[str], said: str
) -> None:
    console.print(f"the platform already runs on {said}")
    console.print(styled("  {}: [bold]{}[/] [dim]({})[/]", "speech", said, said))
    assert show(Highlight(score=0.9, title=said), console)
    print_rows([{"key": said}], said, as_json=False)
    with pytest.raises(SystemExit, match="3"):
        raise SystemExit(fail(said, 3).exit_code)
    out, err = capsys.readouterr()
    assert err == f"framelog: {said}\n"
    running, styles, starred, title, _, row = out.splitlines()
    assert running == f"the platform already runs on {said}"
    assert styles == f"  speech: {said} ({said})"
    assert starred.endswith(said)
    assert (title.strip(), row.strip()) == (said, said)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (0.0, "0.0"), (0.6999999880790710, "0.7"), (1234567.891, "1234567.891"), (1e-6, "1e-06"),
     (float("nan"), "nan"), (float("-inf"), "-inf"), (3, "3")],
)  # fmt: skip
def test_a_number_in_a_table_has_the_digits_that_mean_something(
    capsys: pytest.CaptureFixture[str], value: float | None, shown: str
) -> None:
    print_rows([{"score": value}], "t", as_json=False)
    assert capsys.readouterr().out.splitlines()[2].strip() == shown


def test_a_table_keeps_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], "clips", as_json=False)
    assert capsys.readouterr().out == "no clips\n"
    print_rows([{"key": "k" * 100, "bytes": 7}], "clips", as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(line.split()[0] for line in lines[2:]) == "k" * 100
