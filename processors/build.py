"""Makes a station by its name. Imports what it makes and nothing else, so that a worker carries one model only."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from processors.station import Fold, Map
from topics.route import STATIONS


def default_config(station: str) -> Any:
    """The station's Config with every tunable at its default."""
    return _module(station).Config()


def build(station: str, configs: Mapping[str, Any], shelf: Any) -> Map[Any, Any] | Fold[Any, Any, Any]:
    """The station with its model.

    `configs` holds Config objects by station; one that is not in it has its defaults. `shelf` says where
    weights are. ValueError for a name that is no station, TypeError for another station's config.
    """
    module = _module(station)
    config = configs[station] if station in configs else module.Config()
    if not isinstance(config, module.Config):
        raise TypeError(f"config of {station} must be {module.__name__}.Config, got {type(config).__qualname__}")
    made: Map[Any, Any] | Fold[Any, Any, Any] = module.build(config, shelf)
    return made


def _module(station: str) -> Any:
    if station not in STATIONS:
        raise ValueError(f"{station!r} is no station: choose one of {', '.join(STATIONS)}")
    return import_module(f"processors.{station}")
