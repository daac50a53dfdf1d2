"""The fault proxy does what it says: each fault before a real HTTP server that counts what it has done."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults.proxy import Answer, CutAnswer, CutAsk, Proxy, Refuse, Slow, Stall

pytestmark = pytest.mark.network


class Part(ThreadingHTTPServer):
    """Answers every POST with what it was sent, and keeps it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.done: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what is tested."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        size = int(self.headers["content-length"])
        body = self.rfile.read(size)
        assert isinstance(self.server, Part)
        if len(body) == size:
            self.server.done.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def part() -> Iterator[Part]:
    server = Part()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(part: Part) -> Iterator[Proxy]:
    with Proxy("127.0.0.1", part.server_address[1]) as made:
        yield made


def ask(client: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
    client.request("POST", "/", body)
    with client.getresponse() as answer:
        return answer.status, answer.read()


def post(proxy: Proxy, body: bytes) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)) as client:
        return ask(client, body)


@pytest.fixture
def kept(proxy: Proxy) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)) as client:
        yield client


def test_without_a_fault_all_bytes_pass(proxy: Proxy, part: Part) -> None:
    body = bytes(range(256)) * 2000
    assert post(proxy, b"") == (200, b"")
    assert post(proxy, body) == (200, body)
    assert part.done == [b"", body]
    assert not proxy.did


def test_a_part_that_is_away_refuses_and_comes_back_on_the_same_port(
    proxy: Proxy, part: Part, kept: http.client.HTTPConnection
) -> None:
    assert ask(kept, b"1") == (200, b"1")
    proxy.fault = Refuse()
    with pytest.raises(ConnectionRefusedError):
        post(proxy, b"2")
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(kept, b"3")
    proxy.fault = None
    assert post(proxy, b"4") == (200, b"4")
    assert part.done == [b"1", b"4"]


def test_an_answer_of_its_own_keeps_the_request_from_the_part(proxy: Proxy, part: Part) -> None:
    proxy.fault = Answer(503, b"busy", only=b"POST")
    assert post(proxy, b"x" * 300_000) == (503, b"busy")
    assert (part.done, proxy.did[Answer]) == ([], 1)


def test_a_cut_answer_comes_after_the_part_has_done_it(proxy: Proxy, part: Part) -> None:
    proxy.fault = CutAnswer(after_bytes=20)
    with pytest.raises((OSError, http.client.HTTPException)):
        post(proxy, b"done")
    assert part.done == [b"done"]


def test_a_cut_ask_never_reaches_the_part_whole(proxy: Proxy, part: Part) -> None:
    proxy.fault = CutAsk(after_bytes=1000)
    with pytest.raises((OSError, http.client.HTTPException)):
        post(proxy, b"y" * 5000)
    assert part.done == []


def test_only_requests_with_the_word_meet_the_fault(proxy: Proxy, part: Part) -> None:
    proxy.fault = Answer(500, only=b"INSERT")
    assert post(proxy, b"SELECT")[0] == 200
    assert post(proxy, b"INSERT")[0] == 500
    assert part.done == [b"SELECT"]


def test_slow_answers_come_late_and_whole_on_a_connection_that_was_there(
    proxy: Proxy, kept: http.client.HTTPConnection
) -> None:
    assert ask(kept, b"quick") == (200, b"quick")
    proxy.fault = Slow(0.3)
    for body in (b"a", b"b"):
        began = time.monotonic()
        assert ask(kept, body) == (200, body)
        assert time.monotonic() - began >= 0.3


def test_what_stalls_goes_on_afterwards(proxy: Proxy, part: Part) -> None:
    proxy.fault = Stall()
    threading.Timer(0.3, setattr, (proxy, "fault", None)).start()
    assert post(proxy, b"late") == (200, b"late")
    assert part.done == [b"late"]
