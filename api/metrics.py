"""Figures for Prometheus, taken when asked for."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from api.health import supervised
from api.parts import Parts
from topics.catalog import CATALOG


class Figures:
    """A collector over what the API knows already; a scrape costs no query."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts

    def describe(self) -> list[Metric]:
        """Nothing is declared beforehand."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families."""
        p, now = self._p, self._p.gauge.now
        records = GaugeMetricFamily("framelog_topic_records", "Records in the log", labels=["topic"])
        written = GaugeMetricFamily("framelog_topic_end", "Offsets ever written, all partitions", labels=["topic"])
        lag = GaugeMetricFamily("framelog_lag_records", "Records not yet taken", labels=["group", "topic"])
        for topic in now.topics():
            records.add_metric([topic], now.records(topic))
            written.add_metric([topic], now.end(topic))
            for group in now.groups(topic):
                lag.add_metric([group, topic], now.lag(group, topic) or 0)
        dead = GaugeMetricFamily("framelog_dead_letters", "Records nobody could use", labels=["noun"])
        for each in CATALOG:
            dead.add_metric([each.noun], now.records(p.connection.names.dlq(each)))
        mark = GaugeMetricFamily(
            "framelog_watermark_seconds", "Stream time that is settled", labels=["stream", "noun"]
        )
        for stream, nouns in p.hub.watermarks().items():
            for noun, at_us in nouns.items():
                mark.add_metric([stream, noun], at_us / 1e6)
        up = GaugeMetricFamily("framelog_up", "1: the part works as the API sees it", labels=["part"])
        up.add_metric(["broker"], not p.gauge.why)
        up.add_metric(["live"], not p.live.why)
        up.add_metric(["clickhouse"], not p.store.away_since_s)
        for process in supervised(p.supervisor_state):
            up.add_metric([process.name], process.ok)
        listeners = GaugeMetricFamily("framelog_live_listeners", "Open pages", value=p.hub.listeners)
        yield from (records, written, lag, dead, mark, up, listeners)


def exposition(parts: Parts) -> tuple[bytes, str]:
    """The text and its media type."""
    registry = CollectorRegistry()
    registry.register(Figures(parts))
    return generate_latest(registry), CONTENT_TYPE_LATEST
