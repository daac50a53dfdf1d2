"""Kafka headers of raw records: CloudEvents in binary mode, and a W3C trace of the session."""

from schemas.identity import record_id
from schemas.records import Record

REASON = "framelog.reason"
# On an end mark: why somebody else than its producer ended the session.
Headers = list[tuple[str, str | bytes | None]]


def headers(noun: str, record: Record) -> Headers:
    """Headers of a record; a function of what it is, so that a record written again has the same."""
    ident = record_id(noun, record.stream_id, record.session_id, record.seq)
    trace = record.session_id.replace("-", "").rjust(32, "0")[-32:]
    span = ident.replace("-", "")[:16]
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", ident.encode()),
        ("ce_source", f"/framelog/streams/{record.stream_id}".encode()),
        ("ce_type", f"framelog.{noun}".encode()),
        ("ce_subject", record.session_id.encode()),
        ("content-type", b"application/avro"),
        ("traceparent", f"00-{trace}-{span}-01".encode()),
    ]
