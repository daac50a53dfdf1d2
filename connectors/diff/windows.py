"""Fused windows, joined by their begin: which of what they hold differs."""

from collections.abc import Iterable
from typing import Any

from connectors.diff.config import Config
from connectors.diff.findings import Example, Findings, Mark
from connectors.diff.order import by_time, in_step
from connectors.diff.words import normalised
from schemas.records import Fused

WEIGHTS = {"persons": 0.5, "text": 0.8, "emotion": 0.6, "speaking": 0.7, "silence": 0.5, "sounds": 0.4,
           "loudness": 0.3, "objects": 0.2, "missing": 0.9}  # fmt: skip


def compare_windows(a: Iterable[Fused], b: Iterable[Fused], config: Config, findings: Findings) -> None:
    """Each field that differs is counted under its name with `_changed`."""
    for x, y in in_step(by_time(a, lambda r: r.start_us), by_time(b, lambda r: r.start_us)):
        findings.counts["a"] += x is not None
        findings.counts["b"] += y is not None
        if x is None or y is None:
            one = x or y
            assert one is not None
            findings.count("added" if x is None else "lost", one.start_us)
            continue
        _window(x, y, config, findings)


def held(r: Fused) -> dict[str, Any]:
    """What a window holds, as it is compared."""
    return {
        "persons": r.persons_max,
        "objects": tuple(sorted((o.label, o.count) for o in r.objects)),
        "text": " ".join(filter(None, map(normalised, r.text.split()))),
        "emotion": r.emotion,
        "speaking": r.speaking,
        "silence": r.silence,
        "sounds": tuple(sorted({s.label.casefold() for s in r.sounds})),
        "missing": tuple(sorted(r.missing)),
    }


def _window(x: Fused, y: Fused, config: Config, findings: Findings) -> None:
    of_x, of_y = held(x), held(y)
    differ = [name for name in of_x if of_x[name] != of_y[name]]
    if abs(x.loudness_db - y.loudness_db) >= config.loudness_moved_db:
        of_x["loudness"], of_y["loudness"] = f"{x.loudness_db:.1f} dB", f"{y.loudness_db:.1f} dB"
        differ.append("loudness")
    same = _plain(x) == _plain(y)
    findings.counts["matched"] += 1
    findings.counts["equal" if same else "changed" if differ else "close"] += 1
    if not differ:
        return
    findings.differs(x.start_us)
    for name in differ:
        findings.counts[f"{name}_changed"] += 1
    size = sum(WEIGHTS[name] for name in differ)
    told = [f"{name} {_said(of_x[name])} → {_said(of_y[name])}" for name in differ]
    frame = (x.evidence and x.evidence.first_frame) or (y.evidence and y.evidence.first_frame) or None
    findings.example(
        Example("changed", size, x.start_us, x.end_us, "; ".join(told),
                tuple(Mark("changed", name, _said(of_x[name]), start_us=x.start_us) for name in differ),
                tuple(Mark("changed", name, _said(of_y[name]), start_us=y.start_us) for name in differ),
                x.id, y.id, frame)
    )  # fmt: skip


def _plain(r: Fused) -> dict[str, Any]:
    """All that a window says, but for what a run's own numbering and models bear on."""
    plain = r.as_dict()
    for name in ("seq", "id", "model", "evidence", "watermark_us", "pts_us"):
        del plain[name]
    return plain


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"{v[1]} {v[0]}" if isinstance(v, tuple) else str(v) for v in value) or "nothing"
    return str(value) if value != "" else "nothing"
