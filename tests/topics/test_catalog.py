"""Declarations agree with each other."""

from pathlib import Path

import schemas
from schemas.records import BY_NOUN
from topics import catalog
from topics.names import Names
from topics.route import ROUTE

ORDER = {name: at for at, name in enumerate(e.name for e in ROUTE)}


def test_every_schema_has_a_topic_and_every_topic_a_schema() -> None:
    files = {p.stem for p in Path(schemas.__path__[0]).glob("*.avsc")}
    assert files == set(BY_NOUN) == set(catalog.BY_NOUN)


def test_every_derived_topic_is_written_by_exactly_one_edge() -> None:
    assert sorted(e.writes.noun for e in ROUTE) == sorted(t.noun for t in catalog.CATALOG if t.kind == "derived")


def test_an_edge_reads_only_what_is_written_before_it() -> None:
    for edge in ROUTE:
        assert all(t.kind == "raw" or ORDER[t.noun] < ORDER[edge.name] for t in edge.reads)


def test_a_run_shares_the_raw_topics_and_has_derived_ones_of_its_own() -> None:
    live, run = Names(), Names(run="v2")
    assert run.topic(catalog.FRAMES) == live.topic(catalog.FRAMES) == "framelog.frames"
    assert run.topic(catalog.TRACKS) == "framelog.tracks.run.v2"
    assert run.state("tracks") == "framelog.tracks.state.run.v2"
    assert run.dlq(catalog.FRAMES) == "framelog.frames.run.v2.dlq"
