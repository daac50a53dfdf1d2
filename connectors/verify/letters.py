"""Dead letters: whoever could not be used is there, bytes unchanged."""

from connectors.verify.between import Between
from connectors.verify.index import NOUNS, NUMBER
from connectors.verify.lying import place_of
from topics.catalog import BY_NOUN
from topics.route import ROUTE


def letters(b: Between) -> None:
    """What is of no use has a letter, a letter has the bytes of its place, what is rejected has its station's."""
    unburied = (
        "SELECT u.noun, u.part, u.off, u.why FROM unusable u WHERE NOT EXISTS "
        "(SELECT 1 FROM letters l WHERE l.noun = u.noun AND l.part = u.part AND l.off = u.off)"
    )
    for noun, partition, offset, why in b.index.ask(unburied):
        readers = [e for e in ROUTE if e.kind != "connector" and noun in [NUMBER[t.noun] for t in e.reads]]
        if any(b.done(e, noun, partition, offset) for e in readers) and not _cut(b, noun, partition):
            text = f"it is of no use ({why[:120]}) and in no dead letter"
            b.report.fault("letters", b.place(noun, partition, offset), text)
        else:
            b.report.told["behind"] += 1
    changed = (
        "SELECT l.noun, l.letter_part, l.letter_off, l.part, l.off FROM letters l JOIN "
        "(SELECT noun, part, off, hash FROM unusable UNION ALL SELECT noun, part, off, hash FROM records) r "
        "ON r.noun = l.noun AND r.part = l.part AND r.off = l.off WHERE r.hash != l.hash"
    )
    for noun, letter_part, letter_off, partition, offset in b.index.ask(changed):
        letter = place_of(b.log.names.dlq(BY_NOUN[NOUNS[noun]]), letter_part, letter_off)
        text = f"its bytes are not those of {b.place(noun, partition, offset)}"
        b.report.fault("letters", letter, text)
    _rejected(b)


def _cut(b: Between, noun: int, partition: int) -> bool:
    name = b.log.names.dlq(BY_NOUN[NOUNS[noun]])
    stretch = b.log.stretches.get((name, partition))
    return stretch is None or stretch.first > 0


def _rejected(b: Between) -> None:
    """What a station rejected is in the dead letters under its name; what it passes on so is an earlier one's."""
    text = (
        "SELECT r.noun, r.part, r.off, r.came_noun, r.came_off FROM records r WHERE r.rejected "
        "AND r.verdict = 'take' AND r.came_noun >= 0 AND r.noun = :out "
        "AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.noun = r.came_noun AND l.part = r.part "
        "AND l.off = r.came_off AND l.station = :station) AND NOT EXISTS (SELECT 1 FROM records i "
        "WHERE i.noun = r.came_noun AND i.part = r.part AND i.off = r.came_off AND i.rejected)"
    )
    for edge in ROUTE:
        if edge.kind == "connector" or not b.log.names.owns(edge.writes):
            continue
        found = b.index.ask(text, out=NUMBER[edge.writes.noun], station=edge.name)
        for noun, partition, offset, came_noun, came in found:
            if b.missing(came_noun, partition, came) or _cut(b, came_noun, partition):
                continue
            input_place = b.place(came_noun, partition, came)
            b.report.fault(
                "letters",
                b.place(noun, partition, offset),
                f"{input_place} was rejected and is in no dead letter",
            )
