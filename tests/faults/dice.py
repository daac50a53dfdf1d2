"""How often a fault test kills, and with which seed: few in `make test`, all in `make faults`."""

import os

SEED = int(os.environ.get("FRAMELOG_SEED", "20261121"))


def times(few: int, whole: int) -> int:
    """FRAMELOG_KILLS says how often: unset `few`, `all` the `whole` campaign, or a number."""
    said = os.environ.get("FRAMELOG_KILLS", "")
    return int(said) if said.isdigit() else whole if said == "all" else few
