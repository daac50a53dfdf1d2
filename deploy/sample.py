"""Which clip the demo plays: the user's, the shared test clip, a downloaded one, or a rendered scene."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

REPOSITORY = Path(__file__).parent.parent
SHARED_CLIP = "video/stream_shared.mp4"
# NASA, public domain: 13 s of narration over pictures of the Webb telescope.
DOWNLOAD_URL = "https://raw.githubusercontent.com/pytorch/torchcodec/main/test/resources/nasa_13013.mp4"
DOWNLOAD_SHA256 = "53705221cac65086253367787e964e5d7d37beeba007646106a2c780d087c9e1"
DOWNLOAD_BYTES = 672_981


@dataclass(frozen=True, slots=True)
class Sample:
    """What to play, and why this."""

    source: str
    stream: str
    why: str


class DownloadFailed(Exception):
    """The sample could not be fetched whole; the message says why."""


def testdata_folder() -> Path:
    """Where the shared clips and weights lie if they are here."""
    return Path(os.environ.get("FRAMELOG_TESTDATA", REPOSITORY.parent / "shared/testdata"))


def download(
    target: Path,
    url: str = DOWNLOAD_URL,
    sha256: str = DOWNLOAD_SHA256,
    most_bytes: int = DOWNLOAD_BYTES,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Path:
    """Fetches a clip to `target` unless it is there; DownloadFailed if it can not be had or is another one."""
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(target.suffix + ".part")
    digest, count = hashlib.sha256(), 0
    try:
        with httpx.stream("GET", url, timeout=10, follow_redirects=True) as answer, part.open("wb") as file:
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                count += len(piece)
                if count > most_bytes:
                    raise DownloadFailed(f"the sample clip is larger than the {most_bytes} bytes expected")
                digest.update(piece)
                file.write(piece)
                on_bytes(count)
        if digest.hexdigest() != sha256:
            raise DownloadFailed("the sample clip's checksum is not the one expected")
        part.replace(target)
    except (httpx.HTTPError, OSError) as error:
        raise DownloadFailed(f"no sample clip from the network: {error or type(error).__name__}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def choose(
    source: str | None,
    folder: Path,
    *,
    render: Callable[[Path], Path],
    fetch: Callable[[Path], Path] = download,
    shared: Path | None = None,
) -> Sample:
    """The clip to play. `folder` takes what is downloaded or rendered."""
    if source is not None:
        return Sample(source, stream_name(source), "the source you named")
    clip = (shared or testdata_folder()) / SHARED_CLIP
    if clip.exists():
        return Sample(str(clip), "demo", "the livestream clip of the test data")
    try:
        path = fetch(folder / "nasa_13013.mp4")
        return Sample(str(path), "demo", "a sample clip, downloaded and checked")
    except DownloadFailed as why:
        path = folder / "scene.mp4"
        if not path.exists():
            part = render(path.with_name("scene.part.mp4"))
            part.replace(path)
        return Sample(str(path), "demo", f"a scene rendered here ({why})")


def stream_name(source: str) -> str:
    """A stream's name from its source: letters, digits, `-` and `_`; never the credentials of a URL."""
    tail = source.split("@")[-1] if "://" in source else Path(source).stem
    tail = tail.split("?")[0].rstrip("/").split("/")[-1].rsplit(".", 1)[0]
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in tail).strip("-") or "stream"
