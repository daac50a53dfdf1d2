"""Detections: the objects in each frame."""

from processors.choices import choose
from processors.detections.core import Config, DetectionsStation, Detector
from processors.shelf import Shelf

__all__ = ["Config", "build"]


def build(config: Config, shelf: Shelf) -> DetectionsStation:
    """The station with the detector that the configuration names, or the best that the shelf has.

    FileNotFoundError for named weights that the shelf has not; MissingExtraError for a package that is absent.
    """
    return DetectionsStation(config, _detector(config.weights, shelf))


def _detector(weights: str, shelf: Shelf) -> Detector:
    from processors.detections import models  # the model libraries: only where a station runs

    if weights == "auto":
        chosen = choose("detections", shelf).weights
        weights = chosen[0] if chosen else "builtin"
    if weights == "builtin":
        return models.Hog()
    model, path = shelf.model(weights), shelf.find(weights)
    assert path is not None
    if path.suffix == ".onnx":
        return models.Onnx(path, model, gpu=shelf.profile == "gpu")
    if path.is_dir() and any(path.glob("*.xml")):
        return models.OpenVino(path, model)
    return models.Ultralytics(path, model)
