"""Map from frames to the faces in them and what they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from processors.faces.found import FoundFace, cut, largest_first
from processors.pictures import MAX_MEGAPIXELS, Picture, decode
from processors.station import Item, Rejected
from schemas.records import Face, Faces, Frame, Keypoint, Model, Score


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of the faces station.

    backend: `auto` takes the best that the profile has; `haar` boxes alone; `yunet` boxes and landmarks.
    expressions: Whether expressions are computed where the profile has weights for them.
    min_score: Faces below it are not told (0 … 1).
    max_faces: No more in a frame, the largest ones.
    max_side_px: A picture whose longer side is larger is made smaller for the search; faces below about a
        sixtieth of it are missed then.
    min_expression_px: Smaller faces get no expression: there is nothing in them to read.
    min_expression_score: Nor do less certain ones: the network reads strong feelings off the back of a head.
    margin: How much is cut out beside the face, as a share of its longer side.
    max_megapixels: Larger pictures are rejected before they are decoded.
    """

    backend: str = "auto"
    expressions: bool = True
    min_score: float = 0.6
    max_faces: int = 20
    max_side_px: int = 640
    min_expression_px: float = 24.0
    min_expression_score: float = 0.75
    margin: float = 0.1
    max_megapixels: float = MAX_MEGAPIXELS


class Finder(Protocol):
    """A model that finds faces."""

    @property
    def model(self) -> Model:
        """What it is."""
        ...

    def __call__(self, picture: Picture) -> list[FoundFace]:
        """Faces in pixels of the picture; the same for the same picture."""
        ...


class Reader(Protocol):
    """A model that reads a face."""

    @property
    def model(self) -> Model:
        """What it is."""
        ...

    def __call__(self, face: Picture) -> tuple[Score, ...]:
        """How much a cut-out face shows of each expression, summing to 1."""
        ...


class FacesStation:
    """One record for each frame, also where there is no face. One face at a time, so that the bytes do not
    hang on how many were read together.
    """

    def __init__(self, config: Config, finder: Finder, reader: Reader | None) -> None:
        self._config = config
        self._find = finder
        self._read = reader

    @property
    def model(self) -> Model:
        """Finder and reader; the sha256 is the finder's, or both joined by a plus."""
        finder = self._find.model
        if self._read is None:
            return finder
        reader = self._read.model
        return Model(
            name=f"{finder.name}+{reader.name}",
            version=f"{finder.version}+{reader.version}",
            sha256=f"{finder.sha256}+{reader.sha256}",
        )

    def __call__(self, batch: Sequence[Item[Frame]]) -> Sequence[Faces | Rejected]:
        """Faces of each frame, largest first; Rejected for a picture that is none or too large."""
        return [self._of(item) for item in batch]

    def _of(self, item: Item[Frame]) -> Faces | Rejected:
        config = self._config
        picture = decode(item.record.image, config.max_megapixels)
        if isinstance(picture, Rejected):
            return picture
        height_px, width_px = picture.shape[:2]
        good = [f for f in self._find(picture) if f.score >= config.min_score]
        found = largest_first(good, width_px, height_px)[: config.max_faces]
        faces = tuple(self._face(picture, f) for f in found)
        return Faces(frame=item.ref, width_px=width_px, height_px=height_px, faces=faces)

    def _face(self, picture: Picture, found: FoundFace) -> Face:
        x1, y1, x2, y2 = found.box
        scores: tuple[Score, ...] = ()
        config = self._config
        readable = max(x2 - x1, y2 - y1) >= config.min_expression_px and found.score >= config.min_expression_score
        if self._read is not None and readable:
            scores = self._read(cut(picture, found.box, config.margin))
        return Face(
            score=found.score, x1_px=x1, y1_px=y1, x2_px=x2, y2_px=y2,
            landmarks=tuple(Keypoint(x_px=x, y_px=y) for x, y in found.landmarks),
            emotion=max(scores, key=lambda s: s.score).label if scores else "", expressions=scores,
        )  # fmt: skip
