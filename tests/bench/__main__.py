"""Prints the numbers to hold, as ratios against a baseline of the same run: `python -m tests.bench [NAME …]`.

A benchmark is a module of this folder with `bench()`, which gives rows of what, ours, baseline, unit, ratio and
target; `bound` says whether the ratio shall be "at least" the target (where nothing is said) or "at most".
"""

import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

COLUMNS = ("what", "ours", "baseline", "unit", "ratio")


def names() -> list[str]:
    """Modules of this folder that are benchmarks."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))


def rows(chosen: list[str]) -> Iterator[Mapping[str, object]]:
    """What the chosen benchmarks give, one after another."""
    for name in chosen:
        module = importlib.import_module(f"tests.bench.{name}")
        if hasattr(module, "bench"):
            yield from module.bench()


def held(row: Mapping[str, object]) -> bool:
    """Whether a row's ratio is on the right side of its target; a row without one holds."""
    ratio, target = row.get("ratio"), row.get("target")
    if not isinstance(ratio, int | float) or not isinstance(target, int | float):
        return True
    return ratio <= target if row.get("bound") == "at most" else ratio >= target


def main() -> None:
    known = names()
    chosen = sys.argv[1:] or known
    if unknown := sorted(set(chosen) - set(known)):
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}")
    table = Table(*COLUMNS, "target", "", box=None, header_style="bold")
    missed = 0
    for row in rows(chosen):
        ok = held(row)
        missed += not ok
        target = f"{row.get('bound', 'at least')} {row['target']}" if row.get("target") is not None else ""
        table.add_row(*(str(row.get(c, "")) for c in COLUMNS), target, "holds" if ok else "MISSED")
    Console(width=160).print(table)
    if missed:
        print(f"{missed} missed")


if __name__ == "__main__":
    main()
