"""How `make test` shares the suite between two processes, since half of its time is waiting: for brokers,
elections, time-outs, processes that were killed.

A module's tests stay together, and so do the modules that look at what is made once. One process begins with what
takes longest, the other with what takes least, and they meet in between: two that want the whole machine for
themselves seldom run side by side.
"""

from typing import Any

import pytest

# Modules that share something which takes long to make: a played clip, a log to replay from, a told
# world behind the page.
SHARED = {
    "played": (
        "tests/faults/test_campaign.py",
        "tests/faults/test_one_station.py",
        "tests/route/test_analytics.py",
        "tests/route/test_demo_once.py",
        "tests/route/test_ordinary_consumers.py",
        "tests/route/test_two_shells.py",
        "tests/route/test_verify_played.py",
    ),
    "lab": ("tests/browser/test_run_page.py", "tests/route/test_replay.py"),
    "world": tuple(f"tests/browser/test_{name}.py" for name in ("access", "diff_page", "page", "why_page")),
}
UNIT_OF = {module: unit for unit, modules in SHARED.items() for module in modules}
# About how many seconds a test takes: only the order comes of it.
SLOW_S, OUTSIDE_S, PURE_S = 20.0, 1.0, 0.05


def unit_of(nodeid: str) -> str:
    """What is run in one process, one after another: the test's module, or all that share a fixture with it."""
    module = nodeid.split("::", 1)[0]
    return UNIT_OF.get(module, module)


def about_s(item: pytest.Item) -> float:
    """A guess from the test's marks."""
    if item.get_closest_marker("slow"):
        return SLOW_S
    outside = any(item.get_closest_marker(name) for name in ("kafka", "store", "browser"))
    return OUTSIDE_S if outside else PURE_S


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """The units by their length, the tests of each in their own order."""
    total_s: dict[str, float] = {}
    for item in items:
        unit = unit_of(item.nodeid)
        total_s[unit] = total_s.get(unit, 0.0) + about_s(item)
    place = {unit: n for n, unit in enumerate(sorted(total_s, key=lambda u: (-total_s[u], u)))}
    return sorted(items, key=lambda item: place[unit_of(item.nodeid)])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class TwoLanes(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

        def _assign_work_unit(self, node: Any) -> None:
            if node.gateway.id != "gw0":  # the queue's other end
                self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
            super()._assign_work_unit(node)

    config.option.loadscopereorder = False
    return TwoLanes(config, log)
