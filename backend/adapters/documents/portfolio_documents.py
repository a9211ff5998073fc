"""``portfolios/{p}``: whether and when a portfolio ticks. Every field but ``state`` has a default."""

from collections.abc import Mapping
from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import Documents
from backend.domain.dispatch import CatchUp, ScheduledPortfolio
from backend.domain.tick import PortfolioKey

_DEFAULTS = {"uid": "default", "schedule": "", "calendar": "", "market_hours": True, "catch_up": CatchUp.SKIP.value}


def from_fields(path: str, fields: Mapping[str, Any], key: PortfolioKey) -> ScheduledPortfolio:
    """Read when a portfolio ticks; StoreCorrupt when a field is not what it must be. ``key`` lacks the uid."""
    given = {name: value for name, value in fields.items() if value is not None}
    reader = FieldReader(path, {**_DEFAULTS, **given}, "correct it")
    if not reader.text("uid"):
        raise reader.corrupt("uid to be a name", "")
    return ScheduledPortfolio(
        key=PortfolioKey(tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, uid=reader.text("uid")),
        schedule=reader.text("schedule"),
        calendar=reader.text("calendar"),
        market_hours=reader.flag("market_hours"),
        catch_up=reader.member("catch_up", CatchUp),
    )


def portfolios_of(documents: Documents, tenant_id: str) -> dict[str, tuple[str, ScheduledPortfolio]]:
    """Return a tenant's portfolios by id, each with its state."""
    found = {}
    for each in documents.query(paths.collection(tenant_id, "portfolios")):
        portfolio_id = paths.identifier(each.document_id)
        key = PortfolioKey(tenant_id=tenant_id, portfolio_id=portfolio_id)
        found[portfolio_id] = str(each.fields.get("state", "")), from_fields(each.path, each.fields, key)
    return found
