"""What things are called in Kafka: a prefix (one installation) and a run (live, or a replay) give every name."""

from dataclasses import dataclass

from schemas.records import Record
from topics.topic import Topic

LIVE = "live"


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one run of one installation.

    Raw topics are shared by all runs, derived ones are the run's own. `own` narrows or widens that: nouns that the
    run writes itself, all others are live's.
    """

    prefix: str = "framelog"
    run: str = LIVE
    own: frozenset[str] | None = None

    def owns(self, topic: Topic[Record]) -> bool:
        """Whether this run writes the topic, rather than reading what another one wrote."""
        if self.run == LIVE:
            return True
        return topic.kind != "raw" if self.own is None else topic.noun in self.own

    @property
    def runs(self) -> str:
        """Compacted topic of what is known of each run."""
        return f"{self.prefix}.runs"

    @property
    def letters(self) -> str:
        """Compacted topic of which dead letters have been dealt with, and how."""
        return f"{self.prefix}.letters"

    def _of_run(self, name: str) -> str:
        return name if self.run == LIVE else f"{name}.run.{self.run}"

    def topic(self, topic: Topic[Record]) -> str:
        """Topic of a noun."""
        name = f"{self.prefix}.{topic.noun}"
        return self._of_run(name) if self.owns(topic) else name

    def dlq(self, topic: Topic[Record]) -> str:
        """Where what could not be used goes, bytes unchanged. Of a run's own even for raw topics."""
        return f"{self._of_run(f'{self.prefix}.{topic.noun}')}.dlq"

    def state(self, station: str) -> str:
        """Compacted topic of a station's snapshots."""
        return self._of_run(f"{self.prefix}.{station}.state")

    def group(self, station: str) -> str:
        """Consumer group (and Faust app id) of a station or connector."""
        return self._of_run(f"{self.prefix}.{station}")
