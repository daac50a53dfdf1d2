"""`framelog models fetch` from a mirror that the user names."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from processors.choices import wanted
from processors.shelf import Shelf, fault_of
from processors.weights import Weights
from tests.deploy.test_commands import Said, assert_one_line, framelog
from tests.small_disk import fill, small_disk

pytestmark = [pytest.mark.network, pytest.mark.media]
SECRET = "hunter2"


@dataclass
class Mirror:
    """Serves the test data's weights at the paths where the catalog's are published; faults are set per file."""

    url: str
    cut: dict[str, int] = field(default_factory=dict)
    spoilt: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def every() -> tuple[Weights, ...]:
    """What an empty folder lacks."""
    return wanted(Shelf("cpu", Path("/nowhere")))


@pytest.fixture
def mirror(testdata: Path, every: tuple[Weights, ...]) -> Iterator[Mirror]:
    files = {f"/eu/{f.source}": f for w in every for f in w.files}
    served = Mirror("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file, span = files[self.path.partition("?")[0]], self.headers.get("Range")
            served.asked.append((file.path, span))
            if file.path in served.lacking:
                self.send_error(404)
                return
            start = int(span.removeprefix("bytes=").removesuffix("-")) if span else 0
            body = (testdata / "models" / file.path).read_bytes()
            if file.path in served.spoilt:
                body = body[:-1] + bytes([body[-1] ^ 1])
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            self.wfile.write(body[start : served.cut.get(file.path)])

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.url = f"http://reader:{SECRET}@127.0.0.1:{server.server_port}/eu/"
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(mirror: Mirror, folder: Path) -> Said:
    given = {"FRAMELOG_MODELS": str(folder), "FRAMELOG_MODELS_URL": mirror.url, "FRAMELOG_PROFILE": "cpu"}
    said = framelog("models", "fetch", "--json", env=given, folder=folder.parent)
    assert SECRET not in said.out + said.err
    return said


def lacks(folder: Path, every: tuple[Weights, ...]) -> list[str]:
    return [f.path for w in every for f in w.files if fault_of(f, folder)]


def test_everything_comes_from_the_mirror_and_only_once(
    mirror: Mirror, every: tuple[Weights, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    assert fetch(mirror, folder).code == 0
    assert lacks(folder, every) == []
    asked = list(mirror.asked)
    assert [span for _, span in asked] == [None] * sum(len(w.files) for w in every)
    again = fetch(mirror, folder)
    assert again.code == 0
    assert mirror.asked == asked
    assert '"backend":"yolo"' in again.out.replace(" ", "")


def test_one_that_breaks_off_is_told_and_gone_on_with(
    mirror: Mirror, every: tuple[Weights, ...], tmp_path: Path
) -> None:
    folder, first = tmp_path / "models", every[0].files[0]
    mirror.cut[first.path] = 1_000_000
    assert "call again to go on" in assert_one_line(fetch(mirror, folder))
    assert lacks(folder, every) == [first.path]  # the others came nevertheless
    have = (folder / f"{first.path}.part").stat().st_size
    mirror.cut.clear()
    mirror.asked.clear()
    assert fetch(mirror, folder).code == 0
    assert mirror.asked == [(first.path, f"bytes={have}-")]
    assert lacks(folder, every) == []


def test_what_the_mirror_lacks_or_has_spoilt_is_told_and_not_kept(
    mirror: Mirror, every: tuple[Weights, ...], tmp_path: Path
) -> None:
    folder, (first, second) = tmp_path / "models", (every[0].files[0], every[1].files[0])
    mirror.lacking, mirror.spoilt = {first.path}, {second.path}
    line = assert_one_line(fetch(mirror, folder))
    assert f"{first.path}: the server answers 404" in line
    assert f"{second.path} came with sha256" in line
    assert lacks(folder, every) == [first.path, second.path]
    assert not (folder / second.path).exists()


def test_a_full_disk_is_told_and_gone_on_from_when_there_is_room(
    mirror: Mirror, every: tuple[Weights, ...], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "models", 64) as folder:
        ballast = fill(folder, leave_bytes=1 << 20)
        line = assert_one_line(fetch(mirror, folder))
        assert "No space left on device" in line
        assert every[0].files[0].path in lacks(folder, every)
        ballast.unlink()
        assert fetch(mirror, folder).code == 0
        assert lacks(folder, every) == []


def test_nobody_at_the_mirror_is_one_line(tmp_path: Path) -> None:
    away = Mirror(f"http://reader:{SECRET}@127.0.0.1:9/eu")
    assert "127.0.0.1" in assert_one_line(fetch(away, tmp_path / "models"))
