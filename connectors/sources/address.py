"""What a user may name as a source, and how it is named in messages: without its secrets."""

import re
import stat
from pathlib import Path

URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
USER = re.compile(r"(://)[^/\s?#]*@")
SECRET = re.compile(
    r"(?i)([?&;](?:pass(?:word|phrase)?|pwd|token|key|secret|auth|sig(?:nature)?|streamid)=)[^&;\s'\"]*"
)
PROTOCOLS = frozenset({"rtsp", "rtsps", "rtmp", "rtmps", "srt", "http", "https", "udp", "rtp", "tcp"})


class SourceError(Exception):
    """A source cannot be used. One line, without secrets, that says what to do."""


def redact(text: str) -> str:
    """A URL, or a text that holds URLs, without user, password and tokens."""
    return SECRET.sub(r"\1***", USER.sub(r"\1***@", text))


def is_url(source: str) -> bool:
    """Whether a source is fetched from the network rather than read from a file."""
    return URL.match(source) is not None


def checked_url(source: str) -> str:
    """The URL, if its protocol is one that we take; SourceError otherwise (`file://` and `concat:` among them)."""
    protocol = source.split("://", 1)[0].lower()
    if protocol not in PROTOCOLS:
        raise SourceError(
            f"{redact(source)}: {protocol}:// is not taken; use a file or one of {', '.join(sorted(PROTOCOLS))}"
        )
    return source


def checked_file(source: str) -> Path:
    """The absolute path of a readable, non-empty file; SourceError says why it is none."""
    path = Path(source).expanduser()
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise SourceError(f"{source} is a folder: name one video or sound file in it")
        if not stat.S_ISREG(found.st_mode):
            raise SourceError(f"{source} is no ordinary file: for a webcam see examples/produce_stream.py")
        if found.st_size == 0:
            raise SourceError(f"{source} is empty (0 bytes): was it copied whole?")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise SourceError(f"{source}: no such file; check the path, or give a URL such as rtsp://…") from None
    except PermissionError:
        raise SourceError(f"{source} may not be read: allow it with chmod, or ingest as another user") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{source}: {error}; check the path") from None
    return path.resolve()
