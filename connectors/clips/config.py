"""What can be set about clips."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """How clips are cut.

    before_s, after_s: seconds added to the highlight at both ends.
    patience_s: how long a highlight waits for packets of its stretch that neither come nor end, while the log
        answers.
    retry_s: pause before the object store is tried again.
    """

    before_s: float = 1.0
    after_s: float = 1.0
    patience_s: float = 300.0
    retry_s: float = 1.0
