"""One pass over the log: every record is held to what it must be by itself and in its order, and remembered."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from connectors.verify import form, references
from connectors.verify.index import NUMBER, UNKNOWN, Index, id_bytes
from connectors.verify.lying import Log, Lying
from connectors.verify.order import Breach, Place, Verdict, take
from connectors.verify.report import Report
from schemas.codec import Undecodable
from schemas.records import Clip, Record, StreamNotice
from topics.catalog import CATALOG
from topics.topic import Topic

Decode = Callable[[bytes | None, Topic[Record]], Record | Undecodable]
Session = tuple[str, str]
AFTER_END = "it comes behind its session's end"


@dataclass(frozen=True, slots=True)
class Seen:
    """A record with its place, and what the reader's rule says of it."""

    lying: Lying
    record: Any
    verdict: Verdict


Watcher = Callable[[Topic[Record], Sequence[Seen]], None]
# Is shown every batch: whoever compares with a store does it meanwhile.


def fingerprint(value: bytes | None) -> int:
    """Eight bytes that stand for a value."""
    return int.from_bytes(blake2b(value or b"", digest_size=8).digest(), "big", signed=True)


@dataclass(slots=True)
class Scan:
    """What one pass finds. `order`: how far each session is on each topic. `told`: breaches that streams told."""

    log: Log
    decode: Decode
    index: Index
    report: Report
    stream: str = ""
    watch: Watcher = lambda _topic, _batch: None
    order: dict[tuple[str, Session], Place] = field(default_factory=dict)
    told: dict[Session, set[str]] = field(default_factory=lambda: defaultdict(set))
    poison: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    clips: Callable[[Lying, Clip], None] = lambda _lying, _clip: None
    _marks: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __call__(self) -> None:
        """Reads every topic of the run, and the dead letters."""
        for topic in CATALOG:
            name = self.log.names.topic(topic)
            for batch in self.log.batches(name):
                seen = [s for lying in batch if (s := self._message(topic, lying)) is not None]
                self.watch(topic, seen)
            if not self.log.names.owns(topic):
                continue
            count, mixed = self._marks.get(topic.noun, (0, 0))
            self.report.digests[topic.noun] = f"{count:x}-{mixed & (1 << 64) - 1:016x}"
        for topic in CATALOG:
            for batch in self.log.batches(self.log.names.dlq(topic)):
                for lying in batch:
                    self._letter(lying)
        self.index.ready()

    def _message(self, topic: Topic[Record], lying: Lying) -> Seen | None:
        if self.stream and lying.key != self.stream.encode():
            return None
        record = self.decode(lying.value, topic)
        if not self.log.names.owns(topic):
            self._borrowed(topic, lying, record)
            return None
        self.report.count("form")
        self.report.records[topic.noun] += 1
        why, check = "", "form"
        if isinstance(record, Undecodable):
            why = record.reason
        elif misplaced := form.misplaced(lying, record, self.log.partitions):
            why, check = misplaced, "key"
        if why:
            if topic.kind == "raw":
                self._unusable(topic, lying, why)
                self.poison[topic.noun, lying.key or b""] += 1
            else:
                self.report.fault(check, lying.place, why)
            # Who mistakes the key makes a row all the same.
            return None if isinstance(record, Undecodable) else Seen(lying, record, "repeat")
        return self._record(topic, lying, record)

    def _borrowed(self, topic: Topic[Record], lying: Lying, record: Any) -> None:
        """Another run's record is remembered for those who name it; what is wrong there is told there."""
        if isinstance(record, Undecodable) or form.misplaced(lying, record, self.log.partitions):
            return
        at = self.order.setdefault((topic.noun, (record.stream_id, record.session_id)), Place())
        verdict, _ = take(at, record, whole=False)
        self._remember(topic, lying, record, verdict, (UNKNOWN, UNKNOWN))

    def _remember(
        self, topic: Topic[Record], lying: Lying, record: Any, verdict: Verdict, came: tuple[int, int]
    ) -> None:
        self.index.add(
            "records", NUMBER[topic.noun], lying.partition, lying.offset,
            self.index.session(record.stream_id, record.session_id), record.seq, record.pts_us, record.end,
            verdict, getattr(record, "status", "") == "rejected", fingerprint(lying.value),
            id_bytes(record.id) if topic.kind == "derived" else None, *came,
        )  # fmt: skip

    def _unusable(self, topic: Topic[Record], lying: Lying, why: str) -> None:
        self.report.told["poison"] += 1
        place = NUMBER[topic.noun], lying.partition, lying.offset
        self.index.add("unusable", *place, fingerprint(lying.value), why)

    def _record(self, topic: Topic[Record], lying: Lying, record: Any) -> Seen:
        noun, report = topic.noun, self.report
        session = record.stream_id, record.session_id
        at = self.order.setdefault((noun, session), Place())
        stretch = self.log.stretches[lying.topic, lying.partition]
        whole = stretch.first == 0
        verdict, breaches = take(at, record, whole)
        for check in ("key", "seq", "time", "end"):
            report.count(check)
        if verdict == "repeat":
            report.told["doubles"] += 1
            report.count("repeats")
        for breach in breaches:
            self._breach(topic, lying, breach, verdict)
        number = self.index.session(*session)
        came_of = UNKNOWN, UNKNOWN
        if verdict == "take":
            count, mixed = self._marks.get(noun, (0, 0))
            self._marks[noun] = count + 1, mixed + fingerprint(lying.value)
        if topic.kind == "derived":
            for check in ("id", "status", "headers"):
                report.count(check)
            for check, text in form.of_derived(lying, record, topic, self.log.names):
                report.fault(check, lying.place, text)
            if (came := form.came_of(lying.headers)) is not None:
                came_of = self._noun_of(came[0]), came[1]
            self._references(topic, lying, record, number)
        self._remember(topic, lying, record, verdict, came_of)
        if isinstance(record, StreamNotice) and record.kind == "breach":
            self.told[session].update(f"{noun}.{record.breach}" for noun in record.media)
        elif isinstance(record, Clip):
            self.clips(lying, record)
        return Seen(lying, record, verdict)

    def _breach(self, topic: Topic[Record], lying: Lying, breach: Breach, verdict: Verdict) -> None:
        """A breach of ours is a fault; one of a producer is dealt with by stations, which is looked at later."""
        if topic.kind == "raw" and breach.check != "seq":
            if verdict in ("back", "after_end", "astray"):
                self._unusable(topic, lying, breach.text)
            return
        if breach.check == "seq" and (topic.kind == "raw" or form.WRITER[topic.noun].kind != "fold"):
            return  # raw: `endings` weighs it against what could not be read; a Map: `answers` asks its input
        self.report.fault(breach.check, lying.place, breach.text)

    def _references(self, topic: Topic[Record], lying: Lying, record: Any, session: int) -> None:
        place = NUMBER[topic.noun], lying.partition, lying.offset, session
        for raw in references.raw_of(record, topic):
            self.report.count("raw references")
            self.index.add(
                "raws", *place, raw.field, self._noun_of(raw.ref.topic), raw.ref.partition, raw.ref.offset,
                raw.from_us, raw.to_us, raw.seq,
            )  # fmt: skip
        for derived in references.derived_of(record, topic):
            self.report.count("derived references", len(derived.ids))
            for one in derived.ids:
                self.index.add("ids", *place, derived.field, NUMBER[derived.noun], id_bytes(one))

    def _noun_of(self, topic: str) -> int:
        names = self.log.names
        return next((NUMBER[t.noun] for t in CATALOG if names.topic(t) == topic), UNKNOWN)

    def _letter(self, lying: Lying) -> None:
        if self.stream and lying.key != self.stream.encode():
            return
        self.report.count("letters")
        where = [form.header(lying.headers, f"__connect.errors.{n}") for n in ("topic", "partition", "offset")]
        station = (form.header(lying.headers, "framelog.station") or b"").decode(errors="replace")
        reason = form.header(lying.headers, "framelog.reason")
        if None in where or not station or not reason:
            self.report.fault("letters", lying.place, "it says not where it was, for whom, or why")
            return
        topic, partition, offset = ((w or b"").decode(errors="replace") for w in where)
        if not (partition.isdigit() and offset.isdigit()):
            self.report.fault("letters", lying.place, f"it says that it was at {topic}/{partition}@{offset}")
            return
        self.index.add(
            "letters", self._noun_of(topic), int(partition), int(offset), fingerprint(lying.value), station,
            lying.partition, lying.offset,
        )  # fmt: skip
