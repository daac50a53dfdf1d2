"""What computed a record where no network did: a rule set, told apart by the digest of its tunables."""

from hashlib import sha256
from typing import Any

import msgspec

from schemas.records import Model


def rules_model(name: str, version: str, config: Any) -> Model:
    """A Model whose sha256 is that of `config` (a dataclass) as sorted JSON, so that a run with other
    tunables can be told from this one by its records alone.
    """
    return Model(
        name=name, version=version, sha256=sha256(msgspec.json.encode(config, order="sorted")).hexdigest()
    )
