"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Whether one example takes .2 s says how busy the machine is; a test that hangs is ended by its time limit.
settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")

pytest_plugins = [
    "tests.fixtures_kafka",
    "tests.fixtures_store",
    "tests.processors.lab",
    "tests.route.played",
    "tests.route.reopened",
    "tests.route.replayed",
    "tests.two_lanes",
]
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def testdata() -> Path:
    """Folder of the shared clips, sounds and weights; the test is skipped where it is absent."""
    folder = Path(os.environ.get("FRAMELOG_TESTDATA", HERE.parent.parent / "shared/testdata"))
    if not (folder / "MANIFEST.md").exists():
        pytest.skip(f"no shared test data at {folder} (set FRAMELOG_TESTDATA)")
    return folder
