"""One contract over every object store: a folder, S3 as moto has it, and versitygw where it is installed."""

import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connectors.objects import BadKey, Exists, FolderStore, ObjectStore, open_objects
from connectors.objects.s3 import PART_BYTES, S3Store
from connectors.objects.store import key_part
from deploy.embedded.ports import free_port

ACCESS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing1", "region_name": "us-east-1"}
pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def versity_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("versitygw")
    if program is None:
        pytest.skip("versitygw is not on PATH")
    folder, port = tmp_path_factory.mktemp("versity"), free_port()
    command = [
        program,
        "--port",
        f"127.0.0.1:{port}",
        "--access",
        "testing",
        "--secret",
        "testing1",
        "posix",
        str(folder),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


@pytest.fixture(params=["folder", "moto", "versity"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "folder":
        yield FolderStore(tmp_path / "objects")
        return
    url = request.getfixturevalue(f"{request.param}_url")
    made: Any = S3Store(f"b{uuid4().hex[:20]}", "some/prefix", url, **ACCESS)
    made._client.create_bucket(Bucket=made._bucket)
    yield made
    made._client.close()


def test_an_empty_store_holds_nothing(objects: ObjectStore) -> None:
    assert objects.keys() == []
    for missing in (objects.size, objects.read, objects.content_type):
        with pytest.raises(FileNotFoundError):
            missing("clips/none.mp4")
    objects.delete("clips/none.mp4")


@pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)) * 10])
def test_an_object_is_read_as_it_was_written(objects: ObjectStore, body: bytes) -> None:
    objects.put("clips/s/a.mp4", body, "video/mp4")
    assert objects.size("clips/s/a.mp4") == len(body)
    assert objects.read("clips/s/a.mp4") == body
    assert objects.read("clips/s/a.mp4", 1, 5) == body[1:5]
    assert objects.read("clips/s/a.mp4", 5, 10**9) == body[5:]
    assert objects.read("clips/s/a.mp4", 10**9) == b""
    assert objects.content_type("clips/s/a.mp4") == "video/mp4"
    assert objects.keys("clips/") == ["clips/s/a.mp4"]


def test_what_is_there_is_not_overwritten_unless_asked(objects: ObjectStore) -> None:
    objects.put("a.jpg", b"first", "image/jpeg")
    with pytest.raises(Exists):
        objects.put("a.jpg", b"second", "image/jpeg")
    assert objects.read("a.jpg") == b"first"
    objects.replace("a.jpg", b"third", "image/jpeg")
    assert objects.read("a.jpg") == b"third"
    objects.delete("a.jpg")
    assert objects.keys() == []


def test_a_large_object_goes_in_parts_and_the_condition_still_holds(objects: ObjectStore) -> None:
    body = bytes(1 << 20) * 9 + b"end"
    assert len(body) > PART_BYTES
    objects.put("large.mp4", body, "video/mp4")
    assert objects.read("large.mp4", len(body) - 3) == b"end"
    assert objects.size("large.mp4") == len(body)
    with pytest.raises(Exists):
        objects.put("large.mp4", body[:-1] + b"E", "video/mp4")
    assert objects.read("large.mp4", len(body) - 3) == b"end"


def test_of_many_writers_one_wins(objects: ObjectStore) -> None:
    won = []

    def write(n: int) -> None:
        try:
            objects.put("race", b"%d" % n, "text/plain")
            won.append(n)
        except Exists:
            pass

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [int(objects.read("race"))]


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a b", "a\\b", "ü", "a\n", "x" * 600]
)
def test_a_key_that_would_not_be_the_same_everywhere_is_refused(objects: ObjectStore, key: str) -> None:
    for call in (
        lambda: objects.put(key, b"", "text/plain"),
        lambda: objects.read(key),
        lambda: objects.size(key),
    ):
        with pytest.raises(BadKey):
            call()


def test_any_stream_name_becomes_a_part_of_a_key_of_its_own(objects: ObjectStore) -> None:
    names = ["", "a", "A", "a/b", "a=2Fb", "..", ".", "ü", "a b", "x.y", "="]
    parts = [key_part(name) for name in names]
    assert len(set(parts)) == len(names)
    for part in parts:
        objects.put(f"clips/{part}/x", b"", "text/plain")
    assert len(objects.keys()) == len(names)


def test_a_store_that_is_away_is_an_os_error() -> None:
    from botocore.config import Config

    quick = Config(retries={"max_attempts": 1}, connect_timeout=1)
    store: Any = S3Store("bucket", "", f"http://127.0.0.1:{free_port()}", config=quick, **ACCESS)
    with pytest.raises(OSError, match="s3://bucket/a"):
        store.size("a")
    store._client.close()


def test_settings_choose_the_store(tmp_path: Path) -> None:
    assert open_objects(None, tmp_path) == FolderStore(tmp_path)
    with pytest.raises(ValueError, match="s3://BUCKET"):
        open_objects("ftp://x", tmp_path)
