"""Who is to be run: active portfolios of all tenants, from Firestore's collection group ``portfolios``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from backend.domain.errors import StoreUnavailable
from backend.domain.tick import PortfolioKey

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePortfolios:
    """Who is to be run; ``faults`` says, by tenant and portfolio, which documents cannot be read."""

    keys: tuple[PortfolioKey, ...] = ()
    faults: Mapping[tuple[str, str], str] = field(default_factory=dict)


class FirestorePortfolios:
    """Reads ``tenants/{t}/portfolios/{p}``: ``state`` and ``uid`` ("default" when absent)."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def active(self) -> ActivePortfolios:
        """Return the portfolios of all tenants whose ``state`` is "active", in path order.

        Raises
        ------
        StoreUnavailable
            Firestore did not answer.
        """
        return self._read(self._client.collection_group("portfolios"))

    def tenants(self) -> tuple[str, ...]:
        """Return every tenant, in name order, whether or not its own document exists.

        Raises
        ------
        StoreUnavailable
            Firestore did not answer.
        """
        with _translated():
            references = list(self._client.collection("tenants").list_documents(timeout=_TIMEOUT_SECONDS))
        return tuple(sorted(unquote(reference.id) for reference in references))

    def _read(self, portfolios: Any) -> ActivePortfolios:
        from google.cloud.firestore import FieldFilter

        query = portfolios.where(filter=FieldFilter("state", "==", "active"))
        with _translated():
            uids = {each.reference.path: each.to_dict().get("uid") for each in query.stream(timeout=_TIMEOUT_SECONDS)}
        keys, faults = [], {}
        for path in sorted(uids):
            tenant_id, portfolio_id = (unquote(part) for part in path.split("/")[1::2])
            uid = "default" if uids[path] is None else uids[path]
            if isinstance(uid, str) and uid:
                keys.append(PortfolioKey(tenant_id=tenant_id, portfolio_id=portfolio_id, uid=uid))
            else:
                faults[tenant_id, portfolio_id] = f"{path}: expected uid to be a name, found {uid!r}; correct it"
        return ActivePortfolios(keys=tuple(keys), faults=faults)


@contextmanager
def _translated() -> Iterator[None]:
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (GoogleAPIError, GoogleAuthError) as e:
        raise StoreUnavailable(
            f"Firestore: expected the list of portfolios, found {type(e).__name__}: {e}; run the schedule again"
        ) from e
