"""Clips as the connectors' tests write them."""

from tests.connectors.conftest import clip

__all__ = ["clip"]
