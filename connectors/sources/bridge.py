"""SRT for an FFmpeg that was built without it (PyAV's wheels): the machine's own ffmpeg passes the packets on."""

import contextlib
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

from connectors.sources.address import SourceError, redact
from connectors.sources.config import Config


class Pipe:
    """The reading end of a child's standard output, as a file for PyAV, that does not wait for ever."""

    def __init__(self, descriptor: int, first_s: float, then_s: float) -> None:
        self._descriptor = descriptor
        self._wait_s = first_s
        self._then_s = then_s

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end, or when nothing came in time."""
        ready, _, _ = select.select([self._descriptor], [], [], self._wait_s)
        self._wait_s = self._then_s
        return os.read(self._descriptor, size) if ready else b""


def open_srt(url: str, config: Config) -> tuple[Any, Callable[[], None]]:
    """An open container of an SRT source and what closes its helper; SourceError if there is no ffmpeg for it."""
    import av

    if "srt" in _protocols():
        return av.open(url, timeout=(config.open_timeout_s, config.read_timeout_s)), lambda: None
    program = shutil.which("ffmpeg")
    if program is None:
        raise SourceError(f"{redact(url)}: SRT needs an ffmpeg program with SRT on this machine: install ffmpeg")
    child = subprocess.Popen(  # noqa: S603 (a fixed program; the URL is one argument, checked to start with srt://)
        [program, "-nostdin", "-loglevel", "quiet", "-i", url, "-map", "0:v?", "-map", "0:a?", "-c", "copy",
         "-f", "mpegts", "-flush_packets", "1", "pipe:1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert child.stdout is not None
    output = child.stdout

    def close() -> None:
        child.kill()
        child.wait()
        output.close()

    started = time.monotonic()
    try:
        pipe = Pipe(output.fileno(), config.open_timeout_s, config.read_timeout_s)
        return av.open(pipe, format="mpegts"), close
    except av.error.FFmpegError as error:
        close()
        waited_s = time.monotonic() - started
        raise SourceError(
            f"{redact(url)}: nothing came in {waited_s:.0f} s ({error.strerror}): is the sender up, and the "
            "passphrase right?"
        ) from None
    except BaseException:
        with contextlib.suppress(OSError):
            close()
        raise


def _protocols() -> frozenset[str]:
    """Protocols of the FFmpeg inside PyAV, as far as they can be told: it lists none, so one is tried."""
    import av

    try:
        av.open("srt://127.0.0.1:0?mode=rendezvous", timeout=0.01).close()
    except av.error.ProtocolNotFoundError:
        return frozenset()
    except (av.error.FFmpegError, OSError):
        pass
    return frozenset({"srt"})
