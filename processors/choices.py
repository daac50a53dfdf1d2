"""Which backend a station uses for a profile, and why, in words a user understands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from processors.shelf import Shelf
from processors.weights import BY_NAME, Weights


@dataclass(frozen=True, slots=True)
class Backend:
    """A way to compute a station's answers: weights it can not do without, packages it needs, weights that
    only add to it.
    """

    name: str
    weights: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    extra: str = ""
    adds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a station will use: backend, its weights (none for a builtin one), and why this and nothing better."""

    station: str
    backend: str
    weights: tuple[str, ...]
    reason: str


# Best first; the last one needs nothing that is not installed.
BACKENDS: Mapping[str, Sequence[Backend]] = {
    "detections": (
        Backend("yolo", ("yolo11n_int8_320.onnx",)),
        Backend("yolox", ("yolox_nano.onnx",)),
        Backend("openvino", ("yolo11n_int8_openvino_model",), ("openvino",), "openvino"),
        Backend("hog"),
    ),
    "faces": (Backend("yunet", ("yunet_n_640_640.onnx",), adds=("faceapi_expression.onnx",)), Backend("haar")),
    "sounds": (
        Backend("yamnet", ("yamnet.tflite", "yamnet_class_map.csv"), ("ai_edge_litert",), "sounds"),
        Backend("rules"),
    ),
    "utterances": (Backend("silero"),),
    "speech": (Backend("zipformer", ("zipformer-en-3.3M",), ("sherpa_onnx",)), Backend("pocketsphinx")),
    "events": (Backend("narrator"),),
}


def lacking(backend: Backend, shelf: Shelf) -> str:
    """Why a backend can not be used; empty if it can."""
    for package in backend.packages:
        if find_spec(package) is None:
            return f"{package} is not installed" + (
                f": install framelog[{backend.extra}]" if backend.extra else ""
            )
    return next((why for why in map(shelf.missing, backend.weights) if why), "")


def choose(station: str, shelf: Shelf) -> Choice:
    """The best backend that the shelf has everything for. Raises KeyError for a station without models."""
    faults: list[str] = []
    *better, last = BACKENDS[station]
    for backend in better:
        if fault := lacking(backend, shelf):
            faults.append(fault)
            continue
        absent = [why for why in map(shelf.missing, backend.adds) if why]
        adds = tuple(name for name in backend.adds if not shelf.missing(name))
        reason = "; ".join([f"first choice of the {shelf.profile} profile" if not faults else faults[0], *absent])
        return Choice(station, backend.name, backend.weights + adds, reason)
    if shelf.profile == "builtin":
        return Choice(station, last.name, (), "the builtin profile: what the installed packages carry")
    return Choice(station, last.name, (), faults[0] if faults else "comes with the installed packages")


def choices(shelf: Shelf) -> tuple[Choice, ...]:
    """What every station with models will use."""
    return tuple(choose(station, shelf) for station in BACKENDS)


def wanted(shelf: Shelf) -> tuple[Weights, ...]:
    """Weights of every station's first choice that the shelf has not and that can be downloaded: what
    `framelog models fetch` brings. None for the builtin profile, nor where a package for them is missing.
    """
    if shelf.profile == "builtin":
        return ()
    firsts = [first for first, *_ in BACKENDS.values() if all(map(find_spec, first.packages))]
    names = [name for first in firsts for name in (*first.weights, *first.adds)]
    return tuple(BY_NAME[n] for n in names if shelf.missing(n) and BY_NAME[n].published)
