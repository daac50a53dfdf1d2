"""A process tells by a file that it does its work; a dead one's word does not count."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from deploy.readiness import answers, is_ready, teller, watch
from tests.fixtures_kafka import eventually


def test_nobody_is_ready_before_it_says_so(tmp_path: Path) -> None:
    file = tmp_path / "run/ready/one"
    assert not is_ready(file)
    tell = teller(file)
    assert not is_ready(file)
    tell(True)
    assert is_ready(file)
    tell(False)
    assert not is_ready(file)


def test_a_start_takes_back_what_the_last_life_said(tmp_path: Path) -> None:
    file = tmp_path / "one"
    teller(file)(True)
    teller(file)
    assert not is_ready(file)


@pytest.mark.parametrize("left", ["", "x", "-1"])
def test_a_file_that_holds_no_process_is_no_word(left: str, tmp_path: Path) -> None:
    file = tmp_path / "one"
    file.write_text(left)
    assert not is_ready(file)


def test_the_word_of_a_process_that_is_gone_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "one"
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        gone.wait()
    file.write_text(str(gone.pid))
    assert not is_ready(file)


def test_without_a_file_nothing_is_told() -> None:
    teller(None)(True)


def test_whoever_changes_its_mind_is_told_of() -> None:
    ready, told = threading.Event(), list[bool]()
    watch(ready.is_set, told.append)
    ready.set()
    eventually(lambda: told == [True], 10)
    ready.clear()
    eventually(lambda: told == [True, False], 10)


@pytest.mark.parametrize(("code", "wanted"), [(200, True), (404, True), (503, False)])
@pytest.mark.network
def test_a_part_answers_unless_it_says_that_it_can_not(code: int, wanted: bool) -> None:
    class Part(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Part) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert answers(f"http://127.0.0.1:{server.server_port}/healthz") == wanted
        thread.join()
    assert not answers(f"http://127.0.0.1:{server.server_port}/healthz")
