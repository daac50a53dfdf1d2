import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from processors.fetch import FetchFailedError, fetch
from processors.weights import Weights, WeightsFile

pytestmark = pytest.mark.network
BODY = bytes(range(256)) * 4000  # 1 MB: several chunks


@dataclass
class Server:
    """Serves one body at one path; `cut` ends each answer after so many bytes, `ranges` off ignores Range."""

    base: str = ""
    body: bytes = BODY
    cut: int | None = None
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.asked.append(wanted)
            if self.path != "/o/r/c/net.onnx":
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and state.ranges else 0
            part = state.body[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part[: state.cut])

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.base = f"http://127.0.0.1:{http.server_port}"
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


def weights(source: str = "o/r/c/net.onnx") -> Weights:
    file = WeightsFile("net.onnx", len(BODY), hashlib.sha256(BODY).hexdigest(), source)
    return Weights("net.onnx", "detections", "test", "none", (file,))


def test_a_file_comes_whole_with_progress_and_leaves_no_part(server: Server, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    got = fetch(weights(), tmp_path / "new", base=server.base, progress=lambda *a: told.append(a))
    assert got.read_bytes() == BODY
    assert [p.name for p in got.parent.iterdir()] == ["net.onnx"]
    assert told[-1] == ("net.onnx", len(BODY), len(BODY))
    assert [b for _, b, _ in told] == sorted(b for _, b, _ in told)


def test_what_is_there_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    fetch(weights(), tmp_path, base=server.base)
    fetch(weights(), tmp_path, base=server.base)
    assert server.asked == [None]


def test_a_broken_download_goes_on_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.cut = 600_000
    with pytest.raises(FetchFailedError, match="call again"):
        fetch(weights(), tmp_path, base=server.base)
    have = (tmp_path / "net.onnx.part").stat().st_size
    assert 0 < have < len(BODY)
    assert not (tmp_path / "net.onnx").exists()
    server.cut = None
    assert fetch(weights(), tmp_path, base=server.base).read_bytes() == BODY
    assert server.asked == [None, f"bytes={have}-"]


def test_a_server_without_ranges_is_read_from_the_start(server: Server, tmp_path: Path) -> None:
    (tmp_path / "net.onnx.part").write_bytes(BODY[:1000])
    server.ranges = False
    assert fetch(weights(), tmp_path, base=server.base).read_bytes() == BODY


@pytest.mark.parametrize("body", [b"", BODY[:-1] + b"x", BODY + b"more"], ids=["empty", "other", "longer"])
def test_what_is_not_itself_is_not_kept(server: Server, tmp_path: Path, body: bytes) -> None:
    server.body = body
    with pytest.raises(FetchFailedError, match="sha256"):
        fetch(weights(), tmp_path, base=server.base)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_page_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(FetchFailedError, match="404"):
        fetch(weights("o/r/c/other"), tmp_path, base=server.base)


def test_no_address_says_where_to_put_the_file(tmp_path: Path) -> None:
    with pytest.raises(FetchFailedError, match="put it in"):
        fetch(weights(""), tmp_path)


def test_nobody_at_the_address_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FetchFailedError, match=r"net.onnx from 127.0.0.1"):
        fetch(weights(), tmp_path, base="http://127.0.0.1:9")


def test_a_folder_that_can_not_be_written_is_said(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FetchFailedError, match="can not be written"):
        fetch(weights(), tmp_path / "file", base=server.base)
