"""What an object store has to be able to do."""

import re
from typing import Protocol

KEY = re.compile(r"\A[A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*\Z")


class BadKey(ValueError):
    """A key that would not be the same thing in every store."""


class Exists(Exception):
    """There is an object with that key already."""


def checked(key: str) -> str:
    """The key, if it is a path of plain names; BadKey otherwise."""
    if not KEY.match(key) or len(key) > 512 or any(part.strip(".") == "" for part in key.split("/")):
        raise BadKey(f"{key!r} is no key: letters, digits and . _ = - between slashes, 512 at most")
    return key


def key_part(text: str) -> str:
    """A part of a key that stands for any text, different for different texts: what is not plain becomes `=XX`."""
    plain = "".join(
        chr(b) if chr(b).isascii() and (chr(b).isalnum() or chr(b) in "_-") else f"={b:02X}" for b in text.encode()
    )
    return plain or "="


class ObjectStore(Protocol):
    """Objects by key. Every call may raise OSError if the store is away, BadKey for a key that is none."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Writes an object, whole or not at all; Exists if there is one and leaves that alone."""
        ...

    def replace(self, key: str, body: bytes, content_type: str) -> None:
        """The same, over whatever is there."""
        ...

    def size(self, key: str) -> int:
        """Bytes of an object; FileNotFoundError if there is none."""
        ...

    def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """Bytes `start` up to `stop` (None: the end), fewer where the object ends sooner; FileNotFoundError."""
        ...

    def content_type(self, key: str) -> str:
        """What the object said it is; FileNotFoundError."""
        ...

    def keys(self, prefix: str = "") -> list[str]:
        """Keys that begin with the prefix, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Takes an object away, if it is there."""
        ...
