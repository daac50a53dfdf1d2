"""Answers and the inputs that they came of, ends, repeats, and what streams has to tell."""

from connectors.verify.between import Between
from connectors.verify.index import NOUNS, NUMBER
from topics.catalog import BY_NOUN
from topics.names import LIVE
from topics.route import Edge


def answers(b: Between, edge: Edge) -> None:
    """A Map, and the cutter, answer what they read: each seq once, and none that is not there."""
    source, out = NUMBER[edge.reads[0].noun], NUMBER[edge.writes.noun]
    part = b.borrows(edge)
    unanswered = (
        "SELECT i.part, i.off, i.sess, i.seq FROM records i "
        "WHERE i.noun = :source AND i.verdict IN ('take', 'back') "
        "AND NOT EXISTS (SELECT 1 FROM records o WHERE o.noun = :out AND o.sess = i.sess AND o.seq = i.seq)"
    )
    for partition, offset, number, seq in b.index.ask(unanswered, source=source, out=out):
        session = b.index.name(number)
        answers = b.at(edge.writes.noun, session)
        if part and not answers.first <= seq < answers.seq:
            continue
        if seq < answers.first and b.cut(out, partition):
            b.report.told["outside"] += 1
        elif seq < answers.seq or answers.ended or b.done(edge, source, partition, offset):
            text = f"{edge.name} has no answer to seq {seq} of {'/'.join(session)}"
            b.report.fault("answers", b.place(source, partition, offset), text)
        else:
            b.report.told["behind"] += 1
    unasked = (
        "SELECT o.part, o.off, o.seq, o.end, o.came_noun, o.came_off, i.off FROM records o "
        "LEFT JOIN records i ON i.noun = :source AND i.sess = o.sess AND i.seq = o.seq "
        "AND i.verdict IN ('take', 'back') "
        "WHERE o.noun = :out AND o.verdict = 'take'"
    )
    for partition, offset, seq, end, came_noun, came, at in b.index.ask(unasked, source=source, out=out):
        b.report.count("answers")
        if part and end:
            continue
        if at is None:
            excuse = b.missing(source, partition, came) if came_noun == source else ""
            if excuse:
                b.report.told[excuse] += 1
            else:
                text = f"it answers seq {seq}, which {edge.reads[0].noun} does not have"
                b.report.fault("answers", b.place(out, partition, offset), text)
        elif came_noun == source and came != at:
            text = f"it says that it came of offset {came}, but seq {seq} lies at {at}"
            b.report.fault("headers", b.place(out, partition, offset), text)


def came(b: Between, edge: Edge) -> None:
    """Every output's header names a record of its session."""
    text = (
        "SELECT o.part, o.off, o.came_noun, o.came_off, o.sess, i.sess FROM records o LEFT JOIN records i "
        "ON i.noun = o.came_noun AND i.part = o.part AND i.off = o.came_off "
        "WHERE o.noun = :out AND o.came_noun >= 0 AND (i.off IS NULL OR i.sess != o.sess)"
    )
    if b.borrows(edge):
        text += " AND NOT o.end"
    for partition, offset, noun, came, _, found in b.index.ask(text, out=NUMBER[edge.writes.noun]):
        excuse = b.missing(noun, partition, came) if found is None else ""
        if excuse:
            b.report.told[excuse] += 1
            continue
        what = "which is no record" if found is None else "which is another session's"
        where = b.place(noun, partition, came)
        b.report.fault("headers", b.place(NUMBER[edge.writes.noun], partition, offset), f"came of {where}, {what}")


def ends(b: Between, edge: Edge) -> None:
    """A session ends on an output when it has ended on all that the station reads, and not before."""
    inputs = [t.noun for t in edge.reads if not (edge.kind == "connector" and t.kind == "raw")]
    sessions = {s for noun, s in b.scan.order if noun in (*inputs, edge.writes.noun)}
    for session in sorted(sessions):
        b.report.count("ends")
        ended = all(b.at(noun, session).ended for noun in inputs)
        out = b.at(edge.writes.noun, session)
        if out.ended and not ended and not b.borrows(edge) and b.log.whole:
            text = f"{edge.name} has ended {'/'.join(session)}, which goes on in its inputs"
            b.report.fault("ends", b.log.names.topic(edge.writes), text, "framelog streams")
        elif ended and not out.ended and not b.borrows(edge):
            last = "SELECT noun, part, off FROM records WHERE sess = :s AND end AND verdict = 'take' AND noun = :n"
            number = b.index.session(*session)
            marks = [next(b.index.ask(last, s=number, n=NUMBER[noun])) for noun in inputs]
            if all(b.done(edge, *mark) for mark in marks):
                text = f"{edge.name} has not ended {'/'.join(session)}, which has ended on all that it reads"
                b.report.fault("ends", b.log.names.topic(edge.writes), text, "framelog route")
            else:
                b.report.told["behind"] += 1


def repeats(b: Between) -> None:
    """What a station wrote twice is the same bytes."""
    text = (
        "SELECT r.noun, r.part, r.off, r.seq FROM records r JOIN records f ON f.noun = r.noun "
        "AND f.sess = r.sess AND f.seq = r.seq AND f.verdict != 'repeat' "
        "WHERE r.verdict = 'repeat' AND f.hash != r.hash"
    )
    for noun, partition, offset, seq in b.index.ask(text):
        if BY_NOUN[NOUNS[noun]].kind == "derived":
            b.report.fault("repeats", b.place(noun, partition, offset), f"seq {seq} comes again with other bytes")


def announced(b: Between) -> None:
    """Holes of raw topics are what could not be read, and streams tells every producer's breach."""
    if b.log.names.run != LIVE:
        return
    for (noun, session), at in b.scan.order.items():
        if BY_NOUN[noun].kind != "raw":
            continue
        b.report.count("announced")
        where = f"{b.log.names.topic(BY_NOUN[noun])} {'/'.join(session)}"
        unread = b.scan.poison[noun, session[0].encode()]
        if at.holes > unread:
            text = f"{at.holes} seq missing, and {unread} messages that could not be read"
            b.report.fault("seq", where, text, f"framelog tail {noun}")
        breaches = {"hole": at.holes, "back": at.backs, "repeat": at.repeats}
        said, streams = b.scan.told[session], b.at("streams", session)
        for kind, count in breaches.items():
            kinds = {f"{noun}.{kind}", f"{noun}.first_seq" if kind == "hole" else ""}
            if count and not kinds & said and streams.ended:
                text = f"{count} times {kind}, and no notice says so"
                b.report.fault("announced", where, text, "framelog tail streams")
