"""What browsers are told: which pages of other origins may call the API, without cookies, and that nothing is kept."""

from collections.abc import Sequence

from flask import Response, request

_METHODS = "GET, POST, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type, Idempotency-Key"
_EXPOSED = "Retry-After"
_PREFLIGHT_SECONDS = "600"


def allowed(response: Response, origins: Sequence[str]) -> Response:
    """Add what a browser asks for, where the page's origin is one of these."""
    response.vary.add("Origin")
    response.headers["Cache-Control"] = "no-store"  # whoever stands between must keep nothing of a tenant's
    origin = request.headers.get("Origin")
    if origin is None or origin not in origins:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _HEADERS
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
    return response
