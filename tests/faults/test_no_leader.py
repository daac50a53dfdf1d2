"""A broker that is not yet, or no longer, the leader of a partition refuses a batch while the next is under way.

A broker that knows nothing of a producer takes whatever batch comes first. If the batch before it was refused and
is sent again, it is out of order, and librdkafka, which has the later one's confirmation already, takes that for
"it was there before" and says that it was delivered: the first records of a new topic are lost without a word.
(librdkafka 2.16 with Kafka 4.3 and five requests under way. On a busy machine, where a broker was fenced for being
late, it happened by itself.)
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from topics import catalog
from topics.connection import Connection

pytestmark = [pytest.mark.kafka, pytest.mark.network]
PRODUCE = b"\x00\x00"
NOT_LEADER = 6
RECORDS = 20


def exactly(peer: socket.socket, count: int) -> bytes:
    """So many bytes; EOFError if the peer has gone."""
    data = b""
    while len(data) < count:
        if not (more := peer.recv(count - len(data))):
            raise EOFError
        data += more
    return data


def message(peer: socket.socket) -> bytes:
    """A request or an answer without its length."""
    return exactly(peer, struct.unpack(">i", exactly(peer, 4))[0])


def framed(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


def refusal(request: bytes, topic: bytes) -> bytes:
    """An answer to a Produce request (version 9 or 10: flexible) that refuses the partition it names."""
    version = struct.unpack(">h", request[2:4])[0]
    assert version in (9, 10), f"Produce {version}: this test knows 9 and 10"
    at = request.index(topic) + len(topic) + 1  # the partitions' count, below 128
    partition = request[at : at + 4]
    assert len(topic) < 127
    outcome = partition + struct.pack(">hqqq", NOT_LEADER, -1, -1, -1) + b"\x01\x00\x00"
    answer = (
        b"\x02" + bytes([len(topic) + 1]) + topic + b"\x02" + outcome + b"\x00" + struct.pack(">i", 0) + b"\x00"
    )
    return framed(request[4:8] + b"\x00" + answer)


@dataclass
class Between:
    """A way to a broker that names itself in the broker's answers, so that clients stay with it."""

    broker: tuple[str, int]
    topic: bytes
    refuse: int = 0
    refused: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _server: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                broker = socket.create_connection(self.broker)
                self._open += [client, broker]
                for way in (self._there, self._back):
                    threading.Thread(target=way, args=(client, broker), daemon=True).start()

    def close(self) -> None:
        for peer in (self._server, *self._open):
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()

    def _there(self, client: socket.socket, broker: socket.socket) -> None:
        with suppress(OSError, EOFError):
            while True:
                request = message(client)
                if request[:2] == PRODUCE and self.topic in request and self.refused < self.refuse:
                    self.refused += 1
                    client.sendall(refusal(request, self.topic))
                else:
                    broker.sendall(framed(request))

    def _back(self, client: socket.socket, broker: socket.socket) -> None:
        host = self.broker[0].encode()
        theirs, ours = (host + struct.pack(">i", port) for port in (self.broker[1], self._server.getsockname()[1]))
        with suppress(OSError, EOFError):
            while True:
                client.sendall(framed(message(broker).replace(theirs, ours)))


@contextmanager
def between(bootstrap: str, topic: str) -> Iterator[Between]:
    host, port = bootstrap.rsplit(":", 1)
    way = Between((host, int(port)), topic.encode())
    thread = threading.Thread(target=way.serve, daemon=True)
    thread.start()
    with ExitStack() as stack:
        stack.callback(thread.join, 20)
        stack.callback(way.close)
        yield way


def logged(connection: Connection, topic: str) -> list[int]:
    """What the first partition of a topic holds."""
    consumer = Consumer(connection.confluent(group_id="look", enable_auto_commit=False))
    place = TopicPartition(topic, 0, 0)
    consumer.assign([place])
    end = consumer.get_watermark_offsets(place, timeout=60)[1]
    found: list[int] = []
    while len(found) < end:
        found += [int(m.value() or b"") for m in consumer.consume(end - len(found), 1.0) if m.error() is None]
    consumer.close()
    return found


@pytest.mark.parametrize("refuse", [0, 1, 3])
def test_what_is_said_to_be_delivered_is_in_the_log_once_and_in_order(connection: Connection, refuse: int) -> None:
    topic = connection.names.topic(catalog.EVENTS)
    delivered: list[int] = []

    def told(error: object, said: Message) -> None:
        assert error is None
        delivered.append(int(said.value() or b""))

    with between(connection.bootstrap, topic) as way:
        settings = connection.producer(batch_num_messages=2, linger_ms=0) | {"bootstrap.servers": way.address}
        producer = Producer(settings)
        producer.list_topics(topic, timeout=60)
        way.refuse = refuse
        for n in range(RECORDS):
            producer.produce(topic, str(n).encode(), partition=0, on_delivery=told)
        assert producer.flush(60) == 0
        assert way.refused == refuse
    assert delivered == logged(connection, topic) == list(range(RECORDS))
