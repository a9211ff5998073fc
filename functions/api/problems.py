"""Errors as answers: problem details (RFC 9457), whose status follows from the class of the error.

What may have come from the store or from a fault of ours is not repeated to the caller: the answer has a correlation
id, under which the log has the rest.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from backend.domain import errors

MIMETYPE = "application/problem+json"
_KINDS: tuple[tuple[type[errors.MaestroError], HTTPStatus], ...] = (
    (errors.RequestInvalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.NotAuthenticated, HTTPStatus.UNAUTHORIZED),
    (errors.NotPermitted, HTTPStatus.FORBIDDEN),
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.KeyReused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.RateExceeded, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.TookTooLong, HTTPStatus.GATEWAY_TIMEOUT),
    (errors.IdentityUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.ConfigurationError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.CommitConflict, HTTPStatus.CONFLICT),
    (errors.LeaseHeld, HTTPStatus.CONFLICT),
    (errors.PortfolioPaused, HTTPStatus.CONFLICT),
    (errors.StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.MarketDataError, HTTPStatus.BAD_GATEWAY),
    (errors.BrokerError, HTTPStatus.BAD_GATEWAY),
)
_STATED = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})  # of 5xx: what is said is about others


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One answer; ``is_ours`` where the log must have more than the caller is told."""

    status: int
    error: str
    detail: str
    is_ours: bool = False

    def document(self, correlation_id: str) -> dict[str, Any]:
        return {
            "type": f"urn:maestro:error:{self.error}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "error": self.error,
            "correlation_id": correlation_id,
        }


def problem_of(error: Exception) -> Problem:
    """Say what an error comes to; one that nobody raised on purpose is a fault of ours."""
    name = type(error).__name__
    if isinstance(error, errors.MaestroError):
        status = next((status for kind, status in _KINDS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR or status in _STATED:
            return Problem(status=status, error=name, detail=str(error))
        return Problem(status=status, error=name, detail=_hidden(status), is_ours=True)
    code = getattr(error, "code", None)  # what Flask itself refuses: no such path, no such method, too long a body
    if isinstance(code, int) and code in HTTPStatus._value2member_map_ and code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(status=code, error=name, detail=_refused(HTTPStatus(code)))
    return Problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        error="InternalError",
        detail=_hidden(HTTPStatus.INTERNAL_SERVER_ERROR),
        is_ours=True,
    )


def _hidden(status: HTTPStatus) -> str:
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return (
            "expected an answer of a service behind this one, found none; send the same request again, under the same "
            "Idempotency-Key"
        )
    return "expected to answer, found a fault; tell the operator the correlation id"


def _refused(status: HTTPStatus) -> str:
    return f"{status.phrase}: {status.description or 'the request cannot be taken'}; see /openapi.json"
