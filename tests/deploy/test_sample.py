"""The demo always has something to play and says what it is."""

import hashlib
from pathlib import Path

import httpx
import pytest

from deploy.sample import DownloadFailed, choose, download, stream_name


def no_render(path: Path) -> Path:
    raise AssertionError("nothing is to be rendered")


def no_fetch(path: Path) -> Path:
    raise DownloadFailed("no network")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("clip.mp4", "clip"),
        ("folder/my clip (1).mkv", "my-clip--1"),
        ("rtsp://user:secret@camera.local/door?x=1", "door"),
        ("rtsp://user:secret@camera.local", "camera"),
        ("rtsp://user:se/cret@camera/live.sdp", "live"),
        ("???", "stream"),
    ],
)
def test_a_stream_is_named_after_its_source_without_credentials(source: str, name: str) -> None:
    assert stream_name(source) == name
    assert "secret" not in stream_name(source)


def test_the_users_source_comes_first(tmp_path: Path) -> None:
    sample = choose("mine.mp4", tmp_path, render=no_render, fetch=no_fetch, shared=tmp_path)
    assert (sample.source, sample.stream) == ("mine.mp4", "mine")


def test_the_shared_clip_comes_before_the_network(tmp_path: Path) -> None:
    (tmp_path / "video").mkdir()
    (tmp_path / "video/stream_shared.mp4").touch()
    sample = choose(None, tmp_path, render=no_render, fetch=no_fetch, shared=tmp_path)
    assert sample.source.endswith("stream_shared.mp4")


def test_without_a_clip_and_a_network_a_scene_is_rendered_once(tmp_path: Path) -> None:
    def render(path: Path) -> Path:
        path.write_bytes(b"scene")
        return path

    sample = choose(None, tmp_path, render=render, fetch=no_fetch, shared=tmp_path / "none")
    assert Path(sample.source).read_bytes() == b"scene"
    assert "no network" in sample.why
    assert (
        choose(None, tmp_path, render=no_render, fetch=no_fetch, shared=tmp_path / "none").source == sample.source
    )


def serve(monkeypatch: pytest.MonkeyPatch, body: bytes, status: int = 200) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))

    def stream(method: str, url: str, **_: object) -> object:
        return httpx.Client(transport=transport).stream(method, url)

    monkeypatch.setattr(httpx, "stream", stream)


def test_a_download_is_kept_only_if_its_checksum_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"film" * 100
    serve(monkeypatch, body)
    good = hashlib.sha256(body).hexdigest()
    assert download(tmp_path / "a.mp4", "http://x/", good, len(body)).read_bytes() == body
    with pytest.raises(DownloadFailed, match="checksum"):
        download(tmp_path / "b.mp4", "http://x/", "0" * 64, len(body))
    with pytest.raises(DownloadFailed, match="larger"):
        download(tmp_path / "c.mp4", "http://x/", good, 10)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


def test_a_refused_download_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, b"", 404)
    with pytest.raises(DownloadFailed, match="no sample clip"):
        download(tmp_path / "a.mp4", "http://x/")
