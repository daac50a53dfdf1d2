"""ONNX graphs by onnxruntime, one thread each: stations scale by processes, not by threads that fight."""

from pathlib import Path
from typing import Any


def session(path: Path, *, gpu: bool = False) -> Any:
    """An InferenceSession on one CPU thread that never spins (a spinning thread takes the core from the next
    process), or on CUDA where `gpu` asks for it and onnxruntime has it.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors alone: exporters leave harmless warnings in most graphs
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wanted = ["CUDAExecutionProvider"] if gpu else []
    has = set(ort.get_available_providers())
    providers = [p for p in [*wanted, "CPUExecutionProvider"] if p in has]
    return ort.InferenceSession(str(path), options, providers=providers)


def runtime() -> str:
    """Name and version of what computes: another version may round otherwise, so records carry it."""
    import onnxruntime as ort

    return f"onnxruntime-{ort.__version__}"
