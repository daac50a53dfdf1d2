"""Reading clips and posters, wherever they are kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Objects(Protocol):
    """An object store to read from. A missing key is FileNotFoundError, a store that is away OSError."""

    def size(self, key: str) -> int:
        """Bytes of an object."""
        ...

    def read(self, key: str, start: int, stop: int) -> bytes:
        """Bytes `start` up to `stop` of an object."""
        ...


@dataclass(frozen=True, slots=True)
class FolderObjects:
    """A folder as a store: a key is a path below it."""

    folder: Path

    def _path(self, key: str) -> Path:
        path = (self.folder / key).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise FileNotFoundError(key)
        return path

    def size(self, key: str) -> int:
        """Bytes of an object."""
        path = self._path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        return path.stat().st_size

    def read(self, key: str, start: int, stop: int) -> bytes:
        """Bytes `start` up to `stop` of an object."""
        with self._path(key).open("rb") as file:
            file.seek(start)
            return file.read(stop - start)
