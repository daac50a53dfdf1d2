"""Faust 0.15.3 as group member and process shell only; what is done with records is the shell's business.

Not used, because each loses or doubles records under kills: its acks, streams, tables, commits, exactly_once.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import faust
from aiokafka import TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.structs import OffsetAndMetadata
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from yarl import URL

from processors.exits import die
from processors.security import faust_credentials
from topics.connection import Connection

if TYPE_CHECKING:
    from processors.shell import Shell

# Round robin would deal the inputs' partitions out one by one; by range, one partition number of all inputs meets
# in one worker. Faust's driver takes the class from its own module at the time a consumer is made.
setattr(driver, "RoundRobinPartitionAssignor", RangePartitionAssignor)  # noqa: B010 (not exported, for mypy)

FULL_S, IDLE_S, POLL_S = 0.01, 0.05, 0.5


class Consumer(driver.Consumer):
    """Hands raw batches to the shell and seeks where the shell says."""

    _sent: Mapping[TP, int] = {}

    @property
    def shell(self) -> "Shell":
        """The station's shell."""
        return cast(App, self.app).shell

    async def perform_seek(self) -> None:
        """After each assignment and before any delivery: the shell finds its positions, they are sought."""
        shell = self.shell
        places = await shell.recover({(tp.topic, tp.partition) for tp in self.assignment()})
        if places:
            await self.seek_wait({TP(*place): offset for place, offset in places.items()})

    async def _drain_messages(self, fetcher: Any) -> None:
        """The whole delivery loop. An empty set must never reach `getmany`: it would mean all partitions."""
        shell = self.shell
        try:
            while not (self.should_stop or fetcher.should_stop):
                want, full = shell.wanted(self._get_active_partitions())
                if not self.flow_active or not want:
                    await asyncio.sleep(FULL_S if full else IDLE_S)
                    continue
                got = await self._thread.getmany(set(want), 0.02 if full else POLL_S)
                for tp, records in got.items():
                    place = ensure_TP(tp)
                    hole = shell.deliver(place.topic, place.partition, records)
                    if hole is not None:
                        hole = await shell.settle(place.topic, place.partition, hole)
                    if hole is not None:
                        await self.seek_wait({place: hole})
        except asyncio.CancelledError:
            raise
        except self.consumer_stopped_errors:
            return
        except Exception as error:  # noqa: BLE001 (whatever it is, this process cannot go on)
            die("fetching", error)

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ARG002
        """A gauge for lag and autoscaling, nothing more: changed positions only, from the consumer's own thread.

        Never between revoke and recovery: a commit queued behind JoinGroup makes aiokafka rejoin for ever.
        """
        shell = self.shell

        async def commit() -> None:
            places = {TP(*place): offset for place, offset in shell.positions().items()}
            notes = shell.notes()
            changed = {
                TopicPartition(*tp): OffsetAndMetadata(o, notes.get((tp.topic, tp.partition), ""))
                for tp, o in places.items()
                if self._sent.get(tp) != o
            }
            if changed:
                await self._thread._ensure_consumer().commit(changed)
                self._sent = places

        try:
            await self._thread.call_thread(commit)
        except Exception as error:  # noqa: BLE001 (a gauge that fails is told, no more)
            self.log.warning("the lag gauge could not be written: %r", error)
        return True

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's own idea of a stuck stream knows nothing of ours."""


class Transport(driver.Transport):
    """Faust's transport with our consumer."""

    Consumer = Consumer


class App(faust.App):
    """A Faust app that stops writing before it leaves its group."""

    shell: "Shell"

    def _create_directories(self) -> None:
        """Faust would lay out a folder for tables wherever it is started; ours has none."""

    def ends(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Where partitions end, as the latest fetch of each said; those that are not ours are left out."""
        ours = self.consumer.assignment()
        known = {place: self.consumer.highwater(TP(*place)) for place in places if TP(*place) in ours}
        return {place: end for place, end in known.items() if end is not None}

    async def on_stop(self) -> None:
        """First the shell: its successor reads our outputs as soon as the group lets us go."""
        await self.shell.close()
        await super().on_stop()

    def _new_transport(self) -> Any:
        return Transport(self.conf.broker_consumer, self)


def build_app(
    connection: Connection, station: str, inputs: Iterable[str], shell: "Shell", instance: str = ""
) -> App:
    """The app of one station, with the settings that held in measurements.

    `instance` names this process among the station's workers for ever: after a crash it takes its place in the
    group again at once instead of when the old session ends.
    """
    group = connection.names.group(station)
    app = App(
        group,
        broker=[URL(f"kafka://{address}") for address in connection.bootstrap.split(",")],
        broker_credentials=faust_credentials(connection),
        broker_session_timeout=shell.session_s,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=8.0,
        broker_request_timeout=30.0,
        broker_commit_interval=1.0,
        consumer_max_fetch_size=4 << 20,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{group}.{instance}" if instance else None,
        key_serializer="raw",
        value_serializer="raw",
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        store="memory://",
        table_standby_replicas=0,  # or else the assignor is Faust's own
        web_enabled=False,
        autodiscover=False,
    )
    app.shell = shell
    for topic in inputs:
        app.topics.add(app.topic(topic, key_type=bytes, value_type=bytes))

    async def revoked(*_: Any, **__: Any) -> None:
        await shell.quiesce()

    async def assigned(*given: Any, **__: Any) -> None:
        if not given[-1]:  # more workers than partitions: `perform_seek` is not called
            shell.idle()

    app.on_partitions_revoked.connect(revoked, weak=False)
    app.on_partitions_assigned.connect(assigned, weak=False)
    return app
