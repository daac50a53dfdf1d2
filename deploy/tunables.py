"""The stations' own tunables: a table of `framelog.toml` per station (`[highlights]`), or one variable each
(`FRAMELOG_HIGHLIGHTS__COOLDOWN_S=8`), which wins. What a tunable means stands in its Config's docstring.
"""

import inspect
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from deploy.settings import CONFIG_FILE
from processors.build import default_config

PREFIX = "FRAMELOG_"
SHARE = "(0 … 1)"
# What a meaning says of scores, overlaps and shares; 7 for 0.7 would leave nothing without a word.


class BadTunable(Exception):
    """A tunable is unknown or has no sense; the message names it and says what there is."""


@dataclass(frozen=True, slots=True)
class Tunable:
    """One thing that can be set: its path (`highlights.cooldown_s`), default and meaning."""

    path: str
    default: Any
    meaning: str

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.path.upper().replace(".", "__")


def meanings(config: type) -> dict[str, str]:
    """What each field means, from the class's docstring: lines `name: meaning`, or `a, b: meaning of both`."""
    found: dict[str, str] = {}
    names: list[str] = []
    known = {field.name for field in fields(config)}
    for raw in (inspect.getdoc(config) or "").splitlines():
        for piece in re.split(r"(?<=\.) (?=\w+: )|; (?=\w+: )", raw.strip()):
            head, colon, rest = piece.partition(": ")
            heads = [word.strip() for word in head.split(",")]
            if colon and all(word in known for word in heads):
                names = heads
                found |= dict.fromkeys(names, rest)
            elif names and raw.strip():
                found |= {name: f"{found[name]} {piece}" for name in names}
    return found


def tunables(config: Any, path: str) -> Iterator[Tunable]:
    """Everything that can be set in a Config, inner ones by a path with dots."""
    said = meanings(type(config))
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from tunables(value, f"{path}.{field.name}")
        else:
            yield Tunable(f"{path}.{field.name}", value, said.get(field.name, ""))


def from_environment(station: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """What the environment sets of a station, as nested plain values; JSON where a value is JSON."""
    plain: dict[str, Any] = {}
    for key, text in environ.items():
        if not key.startswith(f"{PREFIX}{station.upper()}__"):
            continue
        *parents, last = key.removeprefix(PREFIX).lower().split("__")[1:]
        place = plain
        for name in parents:
            place = place.setdefault(name, {})
        try:
            place[last] = json.loads(text)
        except ValueError:
            place[last] = text
    return plain


def merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Nested values, the higher ones winning leaf by leaf."""
    both = dict(low)
    for key, value in high.items():
        inner = both.get(key)
        both[key] = merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return both


def config_of(config: Any, plain: Mapping[str, Any], path: str) -> Any:
    """A Config like `config` with the plain values in it; BadTunable for what is unknown or does not fit."""
    known = {field.name for field in fields(config)}
    if unknown := set(plain) - known:
        raise BadTunable(f"no such setting: {path}.{sorted(unknown)[0]}; there is {', '.join(sorted(known))}")
    whole, said = {}, meanings(type(config))
    for name in known:
        value = getattr(config, name)
        if name in plain and is_dataclass(value) and isinstance(plain[name], Mapping):
            whole[name] = config_of(value, plain[name], f"{path}.{name}")
        elif name in plain:
            whole[name] = plain[name]
            if SHARE in said.get(name, "") and isinstance(plain[name], int | float) and not 0 <= plain[name] <= 1:
                raise BadTunable(f"{path}.{name}: {plain[name]} is not between 0 and 1")
    try:
        kept = {name: getattr(config, name) for name in known if name not in whole}
        return TypeAdapter(type(config)).validate_python(kept | whole)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([path, *(str(part) for part in first["loc"])])
        raise BadTunable(f"{where}: {first['msg']}") from error


def load(stations: Sequence[str], environ: Mapping[str, str], file: Path = Path(CONFIG_FILE)) -> dict[str, Any]:
    """The Config of each station; BadTunable where one is wrong."""
    try:
        tables = tomllib.loads(file.read_text()) if file.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise BadTunable(f"{file}: {error}") from error
    return {
        name: config_of(default_config(name), merged(tables.get(name, {}), from_environment(name, environ)), name)
        for name in stations
    }
