"""Downloads weights: resumed where an earlier try broke off, checked by sha256, then put in place at once."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from processors.shelf import digest_of, fault_of
from processors.weights import PUBLISHED, Weights, WeightsFile

if TYPE_CHECKING:
    import httpx

CHUNK_BYTES = 1 << 18
OK, PARTIAL_CONTENT = 200, 206

Progress = Callable[[str, int, int], None]
"""Told path, bytes there, bytes wanted, after each chunk."""


class FetchFailedError(Exception):
    """Weights could not be fetched; the message says why and what to do."""


def fetch(weights: Weights, folder: Path, *, base: str = PUBLISHED, progress: Progress | None = None) -> Path:
    """Brings weights into `folder` from below the address `base`; what is there and whole is left alone.

    Returns the file or folder; FetchFailedError if an address is missing or out of reach, or if what came is
    not what the catalog wants (then nothing is put in place).
    """
    for file in weights.files:
        if not fault_of(file, folder):
            if progress is not None:
                progress(file.path, file.size_bytes, file.size_bytes)
            continue
        if not file.source:
            raise FetchFailedError(f"{file.path} has no address to download it from: put it in {folder}")
        _fetch_file(file, folder, f"{base.rstrip('/')}/{file.source}", progress)
    return folder / weights.name


def _fetch_file(file: WeightsFile, folder: Path, url: str, progress: Progress | None) -> None:
    import httpx  # here: only who fetches pays for it

    target = folder / file.path
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with httpx.Client(follow_redirects=True, timeout=30) as client:
            _download(client, url, part, file, progress)
    except httpx.HTTPError as error:
        raise FetchFailedError(
            f"{file.path} from {httpx.URL(url).host}: {error or type(error).__name__}; call again to go on"
        ) from error
    except OSError as error:
        raise FetchFailedError(f"{target} can not be written: {error.strerror}") from error
    if (found := digest_of(part)) != file.sha256:
        part.unlink()
        raise FetchFailedError(
            f"{file.path} came with sha256 {found[:12]}… instead of {file.sha256[:12]}…: not kept"
        )
    part.replace(target)


def _download(client: "httpx.Client", url: str, part: Path, file: WeightsFile, progress: Progress | None) -> None:
    """Adds what is missing of `part`, or writes it anew where the server knows no ranges."""
    have = part.stat().st_size if part.exists() else 0
    if have > file.size_bytes:
        part.unlink()
        have = 0
    if have == file.size_bytes:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code not in {OK, PARTIAL_CONTENT}:
            raise FetchFailedError(
                f"{file.path}: the server answers {answer.status_code} for {_shown(answer.url)}"
            )
        resumed = answer.status_code == PARTIAL_CONTENT
        have = have if resumed else 0
        with part.open("ab" if resumed else "wb") as out:
            for chunk in answer.iter_bytes(CHUNK_BYTES):
                out.write(chunk)
                have += len(chunk)
                if progress is not None:
                    progress(file.path, have, file.size_bytes)
                if have > file.size_bytes:
                    break  # more than was promised: the checksum will refuse it


def _shown(url: "httpx.URL") -> str:
    """An address without what a mirror's address may hold for its eyes only: user, password, query."""
    return f"{url.scheme}://{url.host}{f':{url.port}' if url.port else ''}{url.path}"
