"""Ports that are given to our servers."""

import socket
from pathlib import Path

import pytest

from deploy.embedded.ports import free_port, listening

pytestmark = pytest.mark.network
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_no_port_that_an_outgoing_connection_could_take_while_its_server_is_started_again() -> None:
    lowest = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32_768
    assert all(free_port() < lowest for _ in range(100))


def test_neither_one_that_is_taken_nor_one_that_was_chosen_already() -> None:
    chosen: list[int] = []
    for _ in range(20):
        chosen.append(free_port(chosen))
    assert len(set(chosen)) == len(chosen)
    with socket.create_server(("127.0.0.1", chosen[0])):
        assert listening(chosen[0])
        assert all(free_port() != chosen[0] for _ in range(200))
    assert not listening(chosen[0])


def test_where_all_are_taken_the_system_gives_one() -> None:
    port = free_port(range(65_536))
    with socket.create_server(("127.0.0.1", port)):
        assert listening(port)
