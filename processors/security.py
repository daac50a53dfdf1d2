"""A connection's security, which is in librdkafka's words, for aiokafka and Faust."""

import ssl
from collections.abc import Mapping
from typing import Any

import faust
from aiokafka.helpers import create_ssl_context

from topics.connection import Connection

KNOWN = frozenset({
    "security.protocol", "sasl.mechanism", "sasl.mechanisms", "sasl.username", "sasl.password", "ssl.ca.location",
    "ssl.certificate.location", "ssl.key.location", "ssl.key.password",
})  # fmt: skip


def tls(security: Mapping[str, str]) -> ssl.SSLContext:
    """What TLS needs of the settings; the system's authorities where no file is named."""
    context: ssl.SSLContext = create_ssl_context(
        cafile=security.get("ssl.ca.location"),
        certfile=security.get("ssl.certificate.location"),
        keyfile=security.get("ssl.key.location"),
        password=security.get("ssl.key.password"),
    )
    return context


def mechanism_of(security: Mapping[str, str]) -> str:
    """SASL mechanism; librdkafka takes the setting's name in singular and plural."""
    return security.get("sasl.mechanism") or security.get("sasl.mechanisms") or "PLAIN"


def aiokafka_settings(connection: Connection) -> dict[str, Any]:
    """Bootstrap and security of an aiokafka client. ValueError for a setting that has no counterpart there."""
    security = connection.security
    if unknown := set(security) - KNOWN:
        raise ValueError(f"the stations' client knows no {sorted(unknown)}; it knows {sorted(KNOWN)}")
    protocol = security.get("security.protocol", "PLAINTEXT").upper()
    settings: dict[str, Any] = {
        "bootstrap_servers": connection.bootstrap.split(","),
        "security_protocol": protocol,
    }
    if protocol.endswith("SSL"):
        settings["ssl_context"] = tls(security)
    if protocol.startswith("SASL"):
        settings |= {
            "sasl_mechanism": mechanism_of(security),
            "sasl_plain_username": security.get("sasl.username"),
            "sasl_plain_password": security.get("sasl.password"),
        }
    return settings


def faust_credentials(connection: Connection) -> Any:
    """The same as Faust's `broker_credentials`; None for a plain broker."""
    settings = aiokafka_settings(connection)
    protocol, context = settings["security_protocol"], settings.get("ssl_context")
    if protocol.startswith("SASL"):
        return faust.SASLCredentials(
            mechanism=settings["sasl_mechanism"],
            username=settings["sasl_plain_username"],
            password=settings["sasl_plain_password"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if protocol == "SSL" else None
