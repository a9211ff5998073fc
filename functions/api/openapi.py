"""What the OpenAPI document says beyond paths and models: who may, how errors look, what is said of the whole."""

from copy import deepcopy
from typing import Any

TITLE = "Maestro"
VERSION = "1.0.0"
SCHEME = "bearer"
SECURITY: dict[str, Any] = {
    SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A Firebase ID token of a member of the tenant; on one machine without accounts, its own token.",
    }
}
ABOUT = (
    "What a tenant's trading is doing, and what people do to it. Money and quantities are decimal text, statistics are "
    "numbers, instants are ISO text in UTC. A write needs an Idempotency-Key, and is carried out once under it."
)
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_STATUSES = {
    "401": "No token, or one that does not hold.",
    "403": "The caller may not do this in this tenant.",
    "404": "The tenant has no such thing.",
    "409": "Others were first, or another version stands; nothing was changed.",
    "413": "The body is too long.",
    "422": "Not what is described here, or not what the configuration or the state of trading allows.",
    "429": "Too many requests; see Retry-After.",
    "500": "A fault of the service.",
    "502": "The broker or the source of prices did not answer, or refused.",
    "503": "A service behind this one did not answer; send the same request again.",
    "504": "It took too long.",
}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the problems that every operation of a tenant may answer."""
    found = deepcopy(document)
    for path, operations in found["paths"].items():
        is_open = "{tenant_id}" not in path
        for operation in operations.values():
            operation["responses"] = {
                status: answer for status, answer in operation["responses"].items() if status.startswith("2")
            } | ({} if is_open else {status: _problem(meaning) for status, meaning in _STATUSES.items()})
            operation.pop("tags", None)
    return found


def _problem(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "content": {"application/problem+json": {"schema": _PROBLEM}}}
