"""Asking the registry."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from topics import registry
from topics.connection import Connection
from topics.names import Names

pytestmark = pytest.mark.network


class Forgetful(BaseHTTPRequestHandler):
    """Never answers the first question, and the second one at once."""

    asked: list[str]
    over: threading.Event

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        if len(self.asked) == 1:
            self.over.wait(60)
            return
        body = json.dumps({"id": 7}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def forgetful() -> Iterator[ThreadingHTTPServer]:
    Forgetful.asked, Forgetful.over = [], threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    Forgetful.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_the_registry_does_not_answer_is_asked_again(
    forgetful: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "ANSWER_S", 1.0)
    where = Connection("127.0.0.1:1", f"http://127.0.0.1:{forgetful.server_port}", Names("t"))
    with registry.Serde(where) as serde:
        assert serde.schema_id("frames") == 7
    assert len(Forgetful.asked) == 2
