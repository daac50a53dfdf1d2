"""What things are called in Kafka: a prefix (one installation) and a run (live, or a replay) give every name."""

from dataclasses import dataclass

from schemas.records import Record
from topics.topic import Topic

LIVE = "live"


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one run of one installation. Raw topics are shared by all runs, derived ones are the run's own."""

    prefix: str = "framelog"
    run: str = LIVE

    def _of_run(self, name: str) -> str:
        return name if self.run == LIVE else f"{name}.run.{self.run}"

    def topic(self, topic: Topic[Record]) -> str:
        """Topic of a noun."""
        name = f"{self.prefix}.{topic.noun}"
        return name if topic.kind == "raw" else self._of_run(name)

    def dlq(self, topic: Topic[Record]) -> str:
        """Where what could not be used goes, bytes unchanged. Of a run's own even for raw topics."""
        return f"{self._of_run(f'{self.prefix}.{topic.noun}')}.dlq"

    def state(self, station: str) -> str:
        """Compacted topic of a station's snapshots."""
        return self._of_run(f"{self.prefix}.{station}.state")

    def group(self, station: str) -> str:
        """Consumer group (and Faust app id) of a station or connector."""
        return self._of_run(f"{self.prefix}.{station}")
