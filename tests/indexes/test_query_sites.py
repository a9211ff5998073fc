"""Places that query are found in code of every kind, and one that was not run is named."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

from tests.indexes.executed import ROOT, Executed
from tests.indexes.query_sites import QuerySites, query_sites, sources

CODE = """
import ast
from backend.adapters.documents.seam import Filter, Order

NEWEST = Order(field="at", descending=True)


class Store:
    def query(self, collection, filters=(), *, order=None, limit=None):
        self.asked = [*getattr(self, "asked", []), (collection, tuple(filters), order)]
        return self.asked

    def through(self, store, collection, filters=(), *, order=None, limit=None):
        return store.query(collection, filters, order=order, limit=limit)


class Passing:
    def query(self, collection, filters=(), *, order=None, limit=None):
        return Store().query(collection, filters, order=order, limit=limit)


def newest(store, name, last):
    place = f"tenants/{name}"
    return store.query(place, order=NEWEST, limit=last)


def of_owner(store, uid):
    owned = [] if uid is None else [Filter(field="uid", operator="==", value=uid)]
    return store.query("orders", owned)


def two(store, last):
    return newest(store, "orders", last), newest(store, "ticks", last)


def numbers(np):
    return np.where(1)
"""


@pytest.fixture
def module() -> ModuleType:
    """The code as a module that lies where the repository's own would."""
    path = ROOT / "backend" / "adapters" / "drawn_for_a_test.py"
    made = ModuleType("drawn")
    made.__file__ = str(path)
    exec(compile(CODE, str(path), "exec"), made.__dict__)
    return made


@pytest.fixture
def sites(module: ModuleType) -> QuerySites:
    return query_sites({str(module.__file__): ast.parse(CODE)})


def lines(sites: QuerySites) -> list[str]:
    text = CODE.splitlines()
    return [text[each.line - 1].strip() for each in sorted(sites.calls)]


def test_query_sites_are_calls_filters_and_whoever_forwards(sites: QuerySites) -> None:
    assert lines(sites) == [
        "return store.query(collection, filters, order=order, limit=limit)",
        "return store.query(place, order=NEWEST, limit=last)",
        'owned = [] if uid is None else [Filter(field="uid", operator="==", value=uid)]',
        'return store.query("orders", owned)',
        'return newest(store, "orders", last), newest(store, "ticks", last)',
        'return newest(store, "orders", last), newest(store, "ticks", last)',
    ]


def test_query_sites_that_were_not_run_are_named(module: ModuleType, sites: QuerySites) -> None:
    store = module.Store()
    with Executed(sites.files) as executed:
        store.through(store, "orders")
        module.two(store, 1)
        module.of_owner(store, "ann")
    (missing,) = sites.not_run(executed)
    assert missing.endswith("a condition that came out one way only")
    with executed:
        module.of_owner(store, None)
    assert sites.not_run(executed) == []
    with Executed(sites.files) as executed:
        module.of_owner(store, "ann")
        module.of_owner(store, None)
    assert [each.rpartition(": ")[2] for each in sites.not_run(executed)] == ["not run"] * 4


def test_query_sites_are_looked_for_wherever_a_store_is_reached() -> None:
    found = {str(Path(path).relative_to(ROOT)) for path in sources()}
    assert {
        "backend/adapters/firestore_portfolios.py",
        "backend/marketplace/monthly_ledger.py",
        "functions/bootstrap.py",
    } <= found
    assert "backend/domain/performance.py" not in found
