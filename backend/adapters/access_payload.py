"""Broker credentials as a JSON object of ``key``, ``secret`` and ``paper``, and what is said where there are none."""

import shlex
from collections.abc import Mapping
from typing import Any

from backend.domain.access import BrokerAccess, Secret
from backend.domain.errors import ConfigurationError, StoreCorrupt


def to_payload(access: BrokerAccess) -> dict[str, Any]:
    return {"key": access.key, "secret": access.secret.reveal(), "paper": access.paper}


def from_payload(payload: object, tenant_id: str, place: str) -> BrokerAccess:
    """Read what ``to_payload`` wrote; ``paper`` has no default, so that real money is traded by nobody's omission.

    Raises
    ------
    StoreCorrupt
        It is something else; the message says which field, never its value.
    """
    kinds = {"key": str, "secret": str, "paper": bool}
    fields: Mapping[str, Any] = payload if isinstance(payload, Mapping) else {}
    wrong = [name for name, kind in kinds.items() if not isinstance(fields.get(name), kind)]
    if wrong:
        raise corrupt(tenant_id, place, f"none in {', '.join(wrong)}")
    try:
        return BrokerAccess(key=fields["key"], secret=Secret(fields["secret"]), paper=fields["paper"])
    except ConfigurationError as e:
        raise corrupt(tenant_id, place, str(e)) from e


def corrupt(tenant_id: str, place: str, found: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"{place}: expected broker credentials of {tenant_id} with key, secret and paper, found {found}; "
        f"set them anew with {command(tenant_id)}"
    )


def none_stored(tenant_id: str, place: str) -> ConfigurationError:
    return ConfigurationError(
        f"{tenant_id}: expected broker credentials in {place}, found none; set them with {command(tenant_id)}"
    )


def command(tenant_id: str) -> str:
    return f"`maestro credentials set {shlex.quote(tenant_id)}`"
