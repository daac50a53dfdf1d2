"""Faces: the faces in each frame and what they show."""

from processors.choices import choose
from processors.faces.core import Config, FacesStation, Finder, Reader
from processors.shelf import Shelf

__all__ = ["Config", "build"]
YUNET, EXPRESSIONS = "yunet_n_640_640.onnx", "faceapi_expression.onnx"
BACKENDS = ("auto", "haar", "yunet")


def build(config: Config, shelf: Shelf) -> FacesStation:
    """The station with the models that the configuration names, or the best that the shelf has.

    ValueError for a backend that there is not; FileNotFoundError for weights that the shelf has not.
    """
    from processors.faces import models  # the model libraries: only where a station runs

    if config.backend not in BACKENDS:
        raise ValueError(f"no faces backend {config.backend!r}: take one of {', '.join(BACKENDS)}")
    backend = choose("faces", shelf).backend if config.backend == "auto" else config.backend
    finder: Finder
    if backend == "haar":
        finder = models.Haar(config.max_side_px)
    else:
        model, path = shelf.model(YUNET), shelf.find(YUNET)
        assert path is not None
        finder = models.YuNet(path, model, max_side_px=config.max_side_px, min_score=config.min_score)
    reader: Reader | None = None
    if config.expressions and (path := shelf.find(EXPRESSIONS)) is not None:
        reader = models.FaceApi(path, shelf.model(EXPRESSIONS))
    return FacesStation(config, finder, reader)
