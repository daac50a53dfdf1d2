"""What the doctor says of a machine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.doctor import Check, Facts, GiB, checks, memory_available, verdicts, write_fault
from deploy.settings import load
from processors.choices import Choice

WELL = Facts(
    python=(3, 11, 7), java="/usr/bin/java", java_fault="", jars_missing=0, jars_bytes=0, node="/usr/bin/node",
    packages_missing=(), data=Path("data"), data_fault="", disk_free_bytes=100 * GiB,
    memory_available_bytes=16 * GiB, open_files=1 << 20, port=8787, port_taken=False, running_pid=None, kafka=True,
    models=(Choice("detections", "yolo", ("yolo11n_int8_320.onnx",), "found"),), profile="cpu",
)  # fmt: skip
HOG = (Choice("detections", "hog", (), "yolo11n_int8_320.onnx not found in /m"),)


def verdict(name: str, **changes: Any) -> Check:
    return next(c for c in verdicts(replace(WELL, **changes)) if c.name == name)


def test_a_good_machine_is_well_in_every_respect() -> None:
    assert {c.state for c in verdicts(WELL)} == {"ok"}
    assert len({c.name for c in verdicts(WELL)}) == len(verdicts(WELL))


@pytest.mark.parametrize(
    ("name", "changes", "state", "says"),
    [
        ("python", {"python": (3, 10, 2)}, "fail", "PYTHON=python3.12"),
        ("packages", {"packages_missing": ("chdb",)}, "fail", "chdb; run `make setup`"),
        ("java", {"java": "", "java_fault": "no Java: run `make setup`"}, "fail", "make setup"),
        ("java", {"java": "", "java_fault": "no Java", "kafka": False}, "ok", "FRAMELOG_KAFKA"),
        ("kafka", {"jars_missing": 2, "jars_bytes": 3_000_000}, "warn", "2 jars (3 MB)"),
        ("kafka", {"jars_missing": 2, "kafka": False}, "ok", "FRAMELOG_KAFKA"),
        ("node", {"node": ""}, "warn", "Node 20.19"),
        ("data folder", {"data_fault": "/x cannot be written"}, "fail", "/x cannot be written: choose another"),
        ("disk", {"disk_free_bytes": GiB // 2}, "fail", "make room"),
        ("disk", {"disk_free_bytes": 3 * GiB}, "warn", "about 5 h"),
        ("memory", {"memory_available_bytes": GiB}, "fail", "needs 2 at least"),
        ("memory", {"memory_available_bytes": 3 * GiB}, "warn", "builtin"),
        ("memory", {"memory_available_bytes": GiB, "running_pid": 7}, "ok", "while the platform runs"),
        ("open files", {"open_files": 256}, "warn", "ulimit -n"),
        ("open files", {"open_files": -1}, "ok", "no limit"),
        ("port", {"port_taken": True}, "fail", "8787 is in use"),
        ("port", {"port_taken": True, "running_pid": 7}, "ok", "pid 7"),
        ("models", {"models": HOG}, "warn", "falls back to hog (yolo11n_int8_320.onnx not found"),
        ("models", {"models": HOG, "profile": "builtin"}, "ok", "detections: hog"),
    ],
)
def test_what_is_amiss_is_told_with_what_to_do(name: str, changes: dict[str, Any], state: str, says: str) -> None:
    found = verdict(name, **changes)
    assert found.state == state
    assert says in found.says


def test_a_folder_yet_to_be_made_is_judged_by_the_one_above_it(tmp_path: Path) -> None:
    assert write_fault(tmp_path / "a/b/c") == ""
    (tmp_path / "file").write_text("")
    assert write_fault(tmp_path / "file/a") == f"{tmp_path / 'file'} is not a folder"
    assert not (tmp_path / "a").exists()


def test_memory_is_read_off_the_kernels_table(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 8 kB\nMemAvailable:    4 kB\n")
    assert memory_available(tmp_path / "meminfo") == 4096
    (tmp_path / "meminfo").write_text("")
    assert memory_available(tmp_path / "meminfo") == 0


def test_this_machine_is_looked_at_without_leaving_a_trace(tmp_path: Path) -> None:
    found = {c.name: c for c in checks(load(data=tmp_path / "data", profile="builtin", port=0))}
    assert found["python"].state == found["packages"].state == found["data folder"].state == "ok"
    assert not (tmp_path / "data").exists()
