"""Which Java is taken."""

from pathlib import Path

import pytest

from deploy.embedded import java


def fake(folder: Path, says: str, code: int = 0) -> Path:
    """A program that says a version as Java does."""
    program = folder / "bin/java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {code}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("says", "code", "version"),
    [
        ("", 0, None),
        ('openjdk version "17.0.15" 2025-04-15', 0, 17),
        ('openjdk version "25" 2025-09-16', 0, 25),
        ('java version "1.8.0_201"', 0, 1),
        ('openjdk version "21.0.1"', 1, None),
    ],
)
def test_the_version_is_what_it_says_of_itself(tmp_path: Path, says: str, code: int, version: int | None) -> None:
    assert java.version_of(fake(tmp_path, says, code)) == version


def test_a_program_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert java.version_of(tmp_path / "none") is None


def test_an_old_one_is_passed_over_for_a_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path / "old", 'openjdk version "11.0.2"')
    new = fake(tmp_path / "new", 'openjdk version "21.0.2"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", f"{new.parent}:/usr/bin:/bin")
    assert java.find_java() == new


def test_where_there_is_none_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "find_spec", lambda _: None)
    with pytest.raises(java.JavaMissing, match="make setup"):
        java.find_java()
