"""What every test may ask for."""

import os
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.fixtures_kafka",
    "tests.fixtures_store",
    "tests.processors.lab",
    "tests.route.played",
    "tests.route.reopened",
]
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def testdata() -> Path:
    """Folder of the shared clips, sounds and weights; the test is skipped where it is absent."""
    folder = Path(os.environ.get("FRAMELOG_TESTDATA", HERE.parent.parent / "shared/testdata"))
    if not (folder / "MANIFEST.md").exists():
        pytest.skip(f"no shared test data at {folder} (set FRAMELOG_TESTDATA)")
    return folder
