"""What becomes of Firestore's own errors."""

from typing import Any, NoReturn

import pytest
from google.api_core.exceptions import ServiceUnavailable

from backend.adapters.firestore_portfolios import FirestorePortfolios
from backend.domain.errors import StoreUnavailable


class DeadClient:
    """A Firestore client whose server is gone: every reference can be made, none can be read."""

    def collection(self, _: str) -> "DeadClient":
        return self

    def collection_group(self, _: str) -> "DeadClient":
        return self

    def where(self, *, filter: Any) -> "DeadClient":  # noqa: A002
        return self

    def document(self, _: str) -> "DeadClient":
        return self

    def stream(self, **_: Any) -> NoReturn:
        raise ServiceUnavailable("gone")

    list_documents = stream
    get = stream


def test_firestore_portfolios_of_a_dead_server_are_unavailable() -> None:
    portfolios = FirestorePortfolios(DeadClient())
    for read in (portfolios.active, portfolios.tenants, portfolios.record):
        with pytest.raises(StoreUnavailable, match=r"found ServiceUnavailable.*run the schedule again"):
            read()
