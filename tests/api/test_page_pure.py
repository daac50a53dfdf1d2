"""The page's own unit tests and type check, run where node is."""

import subprocess

import pytest

from deploy.page_build import PAGE, NotBuilt, build, find_node, fingerprint, is_fresh, version

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def npm() -> list[str]:
    try:
        build(say=lambda _: None)
    except NotBuilt as error:
        pytest.skip(str(error))
    return find_node(say=lambda _: None)[1]


@pytest.mark.parametrize("script", ["test", "check"])
def test_the_pages_own_checks_pass(npm: list[str], script: str) -> None:
    done = subprocess.run([*npm, "run", "--silent", script], cwd=PAGE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_built_page_is_fresh_until_a_source_changes(npm: list[str]) -> None:
    assert is_fresh()
    assert build(say=lambda _: None) is False
    before = fingerprint()
    probe = PAGE / "src/probe.css"
    probe.write_text("/* */")
    try:
        assert fingerprint() != before
        assert not is_fresh()
    finally:
        probe.unlink()
    assert is_fresh()


def test_the_built_page_loads_nothing_from_elsewhere(npm: list[str]) -> None:
    shown = [p for p in (PAGE / "dist").rglob("*") if p.suffix in {".html", ".css", ".js", ".svg"}]
    assert shown
    for path in shown:
        for foreign in ('src="http', 'href="http', "url(http", "@import", "fonts.googleapis"):
            assert foreign not in path.read_text(), path


def test_a_node_that_is_none_has_no_version() -> None:
    assert version(PAGE / "nothing") == (0, 0)
