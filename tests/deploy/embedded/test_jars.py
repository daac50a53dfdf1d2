"""Jars are fetched whole or not at all."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from deploy.embedded.jars import Jar, JarsMissing, fetch, is_whole, jars

CONTENT = b"a jar"
JAR = Jar("org/x/x-1.jar", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def repository(*answers: bytes | int) -> tuple[httpx.Client, list[str]]:
    """A client whose repository gives these answers in turn (an int: that status), the last one for ever."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        given = answers[min(len(asked), len(answers) - 1)]
        asked.append(str(request.url))
        return httpx.Response(given) if isinstance(given, int) else httpx.Response(200, content=given)

    return httpx.Client(transport=httpx.MockTransport(answer)), asked


def test_the_list_names_every_jar_once_with_a_checksum() -> None:
    names = [Path(jar.path).name for jar in jars()]
    assert len(names) == len(set(names)) == 46
    assert all(len(jar.sha256) == 64 and jar.bytes > 0 for jar in jars())


def test_a_jar_is_fetched_from_below_the_base_and_not_again(tmp_path: Path) -> None:
    client, asked = repository(CONTENT)
    with client:
        assert fetch(JAR, tmp_path, client, "http://mirror/maven/") == len(CONTENT)
        assert fetch(JAR, tmp_path, client, "http://mirror/maven/") == 0
    assert asked == ["http://mirror/maven/org/x/x-1.jar"]
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [CONTENT]


@pytest.mark.parametrize(
    ("wrong", "why"), [(b"forged", "checksum"), (b"", "checksum"), (404, "404"), (503, "503")], ids=str
)
def test_what_never_comes_whole_is_named_and_leaves_nothing(tmp_path: Path, wrong: bytes | int, why: str) -> None:
    client, asked = repository(wrong)
    with client, pytest.raises(JarsMissing, match=rf"x-1.jar: .*{why}.*FRAMELOG_MAVEN"):
        fetch(JAR, tmp_path, client, "http://mirror")
    assert len(asked) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_hiccup_is_tried_again(tmp_path: Path) -> None:
    client, _ = repository(503, b"forged", CONTENT)
    with client:
        assert fetch(JAR, tmp_path, client, "http://mirror") == len(CONTENT)


def shorten(path: Path) -> None:
    path.write_bytes(CONTENT[:2])


@pytest.mark.parametrize("harm", [shorten, Path.unlink])
def test_a_jar_that_was_cut_or_lost_is_fetched_again(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    client, _ = repository(CONTENT)
    with client:
        fetch(JAR, tmp_path, client, "http://mirror")
        harm(tmp_path / "x-1.jar")
        assert fetch(JAR, tmp_path, client, "http://mirror") == len(CONTENT)
    assert is_whole(tmp_path / "x-1.jar", JAR)
