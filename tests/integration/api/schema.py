"""How the OpenAPI document is turned into requests, and what every answer to them is checked for."""

from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig

from scripts.write_openapi_document import TARGET

EXAMPLES = 20  # of each operation, beside one for each keyword of its schema


def schema_of(tenant_id: str, mode: str = "all") -> Any:
    """Return the document, of which every request is about one tenant and strategy.

    A request may be as described and still be refused with 422, because of what is configured or how trading stands.
    ``mode`` is "positive" where only such requests are to be made.
    """
    config = {
        "generation": {"mode": mode},
        "parameters": {"path.tenant_id": tenant_id, "path.strategy": "rsi_reversion"},
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422"]}},
    }
    return schemathesis.openapi.from_path(TARGET, config=SchemathesisConfig.from_dict(config))


def called(case: Any, url: str, token: str) -> Any:
    """Send a request as one caller, and put its answer to every check that schemathesis has."""
    return case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
