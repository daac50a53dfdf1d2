"""The model of voice activity: Silero VAD 6 as it lies in faster-whisper's wheel."""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemas.records import Model

MEMORY = 128  # floats in each of the two recurrent states


class Silero:
    """Silero VAD through onnxruntime on one thread; 16 windows (0.5 s) take 1 ms of CPU.

    Windows that belong together go in one call, or in many: the answers are equal to the bit.
    """

    def __init__(self, weights: Path | None = None) -> None:
        import onnxruntime

        path = weights if weights is not None else wheel_weights()
        data = path.read_bytes()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self.model = Model(name="silero-vad", version="6", sha256=hashlib.sha256(data).hexdigest())

    def __call__(self, windows: NDArray[np.float32], memory: bytes) -> tuple[Sequence[float], bytes]:
        """See core.Voice; the memory is both recurrent states as float32."""
        kept = np.frombuffer(memory or bytes(8 * MEMORY), np.float32).reshape(2, 1, 1, MEMORY)
        chances, hidden, cell = self._session.run(None, {"input": windows, "h": kept[0], "c": kept[1]})
        return [float(c) for c in chances.ravel()], hidden.tobytes() + cell.tobytes()


def wheel_weights() -> Path:
    """Where faster-whisper's wheel keeps the weights, found without importing it (that would load CTranslate2);
    FileNotFoundError where they are not.
    """
    spec = find_spec("faster_whisper")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "assets" / "silero_vad_v6.onnx"
        if path.exists():
            return path
    raise FileNotFoundError(
        "faster-whisper's wheel does not hold silero_vad_v6.onnx: install faster-whisper 1.2.1"
    )
