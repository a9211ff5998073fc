"""firestore.indexes.json holds what every query of the code needs, and nothing that costs writes for no query."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.indexes.executed import ROOT, Executed
from tests.indexes.exercises import make_every_query, make_promised_queries
from tests.indexes.firestore_query import FirestoreQuery, RecordingClient
from tests.indexes.index_rules import read_indexes, superfluous, unserved
from tests.indexes.query_sites import QuerySites, query_sites, sources

pytestmark = [
    pytest.mark.firestore,
    # the guide's where("timestamp", ">=", cutoff)
    pytest.mark.filterwarnings("ignore:Detected filter using positional arguments:UserWarning"),
]
INDEXES = read_indexes(ROOT / "firestore.indexes.json")


@pytest.fixture(scope="module")
def sites() -> QuerySites:
    return query_sites(sources())


@pytest.fixture
def client(firestore_client_factory: Callable[..., Any]) -> RecordingClient:
    made: RecordingClient = firestore_client_factory(RecordingClient)
    return made


@pytest.fixture
def queries(client: RecordingClient) -> list[FirestoreQuery]:
    """What goes over the wire when all that queries is run."""
    make_every_query(client)
    make_promised_queries(client)
    return client.queries


def test_every_place_that_queries_is_run(client: RecordingClient, sites: QuerySites) -> None:
    with Executed(sites.files) as executed:
        make_every_query(client)
    assert sites.not_run(executed) == [], "make the query in tests/indexes/exercises.py"


def test_every_query_has_its_index(queries: list[FirestoreQuery]) -> None:
    assert len(set(queries)) > 20
    assert unserved(INDEXES, queries) == [], "add the index to firestore.indexes.json"


def test_every_composite_index_has_a_query(queries: list[FirestoreQuery]) -> None:
    assert superfluous(INDEXES, queries) == [], "drop it: it costs a write with every document"
