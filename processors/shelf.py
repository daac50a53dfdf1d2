"""The shelf: where stations find their weights, each checked against its sha256 before use."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Literal

from processors.weights import BY_NAME, Weights, WeightsFile
from schemas.records import Model

Profile = Literal["builtin", "cpu", "gpu", "remote"]


@lru_cache(maxsize=256)
def _digest(path: Path, size_bytes: int, changed_ns: int) -> str:
    """sha256 of a file; size and time of change are in the key so that a replaced file is read again."""
    del size_bytes, changed_ns
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def digest_of(path: Path) -> str:
    """sha256 of a file; of a folder: of its files' lines `sha256  path`, sorted by path."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        lines = [f"{digest_of(p)}  {p.relative_to(path).as_posix()}\n" for p in files]
        return sha256("".join(lines).encode()).hexdigest()
    about = path.stat()
    return _digest(path, about.st_size, about.st_mtime_ns)


def fault_of(file: WeightsFile, folder: Path) -> str:
    """Why a file of the catalog can not be used from `folder`; empty if it can."""
    path = folder / file.path
    if not path.is_file():
        return f"{file.path} not found in {folder}"
    if (size := path.stat().st_size) != file.size_bytes:
        return f"{path} has {size} bytes instead of {file.size_bytes}: delete it and fetch it again"
    if (found := digest_of(path)) != file.sha256:
        return f"{path} has sha256 {found[:12]}… instead of {file.sha256[:12]}…: delete it and fetch it again"
    return ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Weights of one profile. The builtin profile has none: what the installed packages carry is enough."""

    profile: Profile = "builtin"
    folder: Path | None = None

    def missing(self, name: str) -> str:
        """Why weights can not be used, and what to do about it; empty if they can."""
        if self.profile == "builtin":
            return f"the builtin profile uses no weights (of {name})"
        if self.folder is None:
            return f"no folder of models: set FRAMELOG_MODELS to the one that holds {name}"
        known = BY_NAME.get(name)
        if known is None:
            return "" if (self.folder / name).exists() else f"{name} not found in {self.folder}"
        for file in known.files:
            if fault := fault_of(file, self.folder):
                return fault if (self.folder / file.path).is_file() else fault + _advice(known)
        return ""

    def find(self, name: str) -> Path | None:
        """The file or folder of weights by its name in the catalog, every file's sha256 checked; None if it is
        not there, not itself, or the profile is builtin (`missing` says which). A name that the catalog does
        not know is the user's own file in the folder, taken as it is.
        """
        return None if self.folder is None or self.missing(name) else self.folder / name

    def model(self, name: str, version: str = "") -> Model:
        """What records say of weights that `find` found; FileNotFoundError if it did not."""
        path = self.find(name)
        if path is None:
            raise FileNotFoundError(self.missing(name))
        return Model(name=Path(name).stem if path.is_file() else name, version=version, sha256=digest_of(path))


def _advice(weights: Weights) -> str:
    if weights.published:
        return ": call `framelog models fetch`"
    return " and no address to download it from: put it in FRAMELOG_MODELS"
