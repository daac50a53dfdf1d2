"""A folder as an object store: a key is a path below it."""

import mimetypes
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from connectors.objects.store import Exists, checked

PART = ".part-"


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Objects as files. The content type is the name's, so a key should end as its content does."""

    folder: Path

    def _path(self, key: str) -> Path:
        return self.folder / checked(key)

    def _written(self, path: Path, body: bytes) -> Path:
        """The body in a file beside its place, safe on disk."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PART, delete=False) as part:
            try:
                part.write(body)
                part.flush()
                os.fsync(part.fileno())
            except OSError:
                Path(part.name).unlink()
                raise
        Path(part.name).chmod(0o644)
        return Path(part.name)

    def put(self, key: str, body: bytes, content_type: str) -> None:  # noqa: ARG002 (the name tells it)
        """Writes an object that is not there yet."""
        path = self._path(key)
        part = self._written(path, body)
        try:
            os.link(part, path)  # fails where the name is taken: no look before the leap
        except FileExistsError:
            raise Exists(key) from None
        finally:
            part.unlink()

    def replace(self, key: str, body: bytes, content_type: str) -> None:  # noqa: ARG002 (the name tells it)
        """Writes an object over what is there."""
        path = self._path(key)
        self._written(path, body).replace(path)

    def size(self, key: str) -> int:
        """Bytes of an object."""
        path = self._path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        return path.stat().st_size

    def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """Bytes of an object."""
        path = self._path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        with path.open("rb") as file:
            file.seek(start)
            return file.read(-1 if stop is None else max(stop - start, 0))

    def content_type(self, key: str) -> str:
        """What the name says."""
        self.size(key)
        return mimetypes.guess_type(key)[0] or "application/octet-stream"

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of whole objects; what a killed process left half-written is none."""
        found = (p for p in self.folder.rglob("*") if p.is_file() and not p.name.startswith(PART))
        return sorted(k for k in (p.relative_to(self.folder).as_posix() for p in found) if k.startswith(prefix))

    def delete(self, key: str) -> None:
        """Takes an object away."""
        self._path(key).unlink(missing_ok=True)
