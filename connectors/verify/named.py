"""What records name: places in the raw topics, and ids."""

from connectors.verify.between import Between
from connectors.verify.index import NOUNS, UNKNOWN


def raws(b: Between) -> None:
    """Every place named holds a record of the session, of the right time."""
    text = (
        "SELECT a.noun, a.part, a.off, a.field, a.to_noun, a.to_part, a.to_off, a.from_us, a.to_us, a.to_seq, "
        "a.sess, r.sess, r.pts, r.seq FROM raws a LEFT JOIN records r "
        "ON r.noun = a.to_noun AND r.part = a.to_part AND r.off = a.to_off "
        "WHERE r.off IS NULL OR r.sess != a.sess OR r.pts NOT BETWEEN a.from_us AND a.to_us "
        "OR (a.to_seq >= 0 AND a.to_seq != r.seq)"
    )
    for row in b.index.ask(text):
        _raw(b, *row)


def _raw(
    b: Between, noun: int, partition: int, offset: int, field: str, to_noun: int, to_part: int, to_off: int,
    from_us: int, to_us: int, to_seq: int, session: int, found: int | None, pts_us: int, seq: int,
) -> None:  # fmt: skip
    place = b.place(noun, partition, offset)
    if to_noun == UNKNOWN:
        b.report.fault("raw references", place, f"{field} names a topic that is not there")
        return
    where = b.place(to_noun, to_part, to_off)
    if found is None:
        excuse = b.missing(to_noun, to_part, to_off)
        if excuse:
            b.report.told[excuse] += 1
        else:
            b.report.fault("raw references", place, f"{field} names {where}, where no record lies")
    elif found != session:
        b.report.fault("raw references", place, f"{field} names {where}, which is another session's")
    elif not from_us <= pts_us <= to_us:
        text = f"{field} names {where} at {pts_us} us, which is not within {from_us} … {to_us} us"
        b.report.fault("raw references", place, text)
    else:
        text = f"{field} names {where} as seq {to_seq}, it is seq {seq}"
        b.report.fault("raw references", place, text)


def ids(b: Between) -> None:
    """Every id named is one of a record of the session."""
    text = (
        "SELECT a.noun, a.part, a.off, a.field, a.to_noun, a.id FROM ids a WHERE NOT EXISTS "
        "(SELECT 1 FROM records r WHERE r.id = a.id AND r.noun = a.to_noun AND r.sess = a.sess)"
    )
    for noun, partition, offset, field, to_noun, one in b.index.ask(text):
        if b.cut(to_noun, partition) or (not b.log.whole):
            b.report.told["outside"] += 1  # it may be in what was not read, or is not there any more
        else:
            place = b.place(noun, partition, offset)
            text_of = f"{field} names {one.hex()}, which no record of {NOUNS[to_noun]} in its session has"
            b.report.fault("derived references", place, text_of)
