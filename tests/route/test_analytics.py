"""Every question in examples/analytics.sql is answered from the rows that the platform left."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest

from api.sql_guard import guard
from tests.route.played import Played

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.store, pytest.mark.media, pytest.mark.timeout(900)]
FILE = Path(__file__).parents[2] / "examples/analytics.sql"
EMPTY_ALLOWED = ("Where is a medium missing",)


def questions() -> dict[str, str]:
    """The queries of the file by the question above each."""
    found = {}
    for part in FILE.read_text().split("\n\n"):
        lines = part.strip().splitlines()
        comments = [line for line in lines if line.startswith("--")]
        query = "\n".join(line for line in lines if not line.startswith("--"))
        if query:
            assert len(comments) == 1, part
            assert query.endswith(";"), part
            found[comments[0].removeprefix("-- ")] = query.removesuffix(";")
    return found


QUESTIONS = questions()
Ask = Any


@pytest.fixture(scope="module")
def ask(reopened_store: str) -> Iterator[Ask]:
    """Asks one question of the file by its first words; rows as dicts."""
    with clickhouse_connect.get_client(dsn=reopened_store, database="framelog") as client:

        def asked(begin: str) -> list[Mapping[str, Any]]:
            query = next(query for question, query in QUESTIONS.items() if question.startswith(begin))
            return list(client.query(query).named_results())

        yield asked


def test_there_are_a_dozen_and_each_asks_something() -> None:
    assert len(QUESTIONS) >= 12
    assert all("?" in question for question in QUESTIONS)
    assert not [query for query in QUESTIONS.values() if not re.match(r"SELECT\b", query)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_page_takes_the_question_too(question: str) -> None:
    assert guard(QUESTIONS[question])


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_question_has_an_answer(ask: Ask, question: str) -> None:
    rows = ask(question)
    print(f"{len(rows)} rows, first {rows[0] if rows else None}")
    assert rows or question.startswith(EMPTY_ALLOWED)


def test_answers_agree_with_the_summary(ask: Ask, played: Played) -> None:
    highlights = played.summary["highlights"]
    worth = ask("Which moments are worth seeing")
    assert sorted(row["from_s"] for row in worth) == sorted(h["start_us"] / 1e6 for h in highlights)
    weighed = {row["kind"]: row["highlights"] for row in ask("What weighs most")}
    reasons = [reason["kind"] for h in highlights for reason in h["reasons"]]
    assert weighed == {kind: reasons.count(kind) for kind in set(reasons)}
    assert {row["records"] for row in ask("How long after its frame")} == {played.summary["records"]["frames"]}


def test_answers_agree_with_what_is_known_of_the_clip(ask: Ask) -> None:
    assert any(row["label"] == "person" for row in ask("What was seen"))
    silent = ask("Where was it silent")
    assert any(row["from_s"] > 10 for row in silent)
    assert any(row["heard"] == "Applause" for row in ask("Which moments were the loudest"))
    assert {"happiness", "sadness"} <= {row["emotion"] for row in ask("Which feelings")}
    kinds = [row["kind"] for row in ask("What happened to the streams")]
    assert (kinds[0], kinds[-1]) == ("started", "ended")
    assert ask("Where is a medium missing") == []
