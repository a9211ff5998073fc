"""A request whose body is one JSON object, and nothing that only some parsers take for one."""

import json
from typing import Any, NoReturn

from flask import Request

from backend.domain.errors import RequestInvalid

_JSON = "application/json"


class StrictRequest(Request):
    """Flask's request; flask-openapi3 validates what ``get_json`` returns, JSON text in pydantic's strict mode."""

    def get_json(self, *args: Any, **kwargs: Any) -> Any:
        """Return the body's text.

        Raises
        ------
        RequestInvalid
            It is not declared as JSON, is no object, names a key twice, or holds NaN or an infinity.
        """
        if self.mimetype != _JSON:
            raise RequestInvalid(f"Content-Type: expected {_JSON}, found {self.mimetype or 'none'!r}; set the header")
        body = self.get_data()
        parsed(body)
        return body.decode()


def parsed(body: bytes) -> dict[str, Any]:
    """Parse a JSON object strictly.

    Raises
    ------
    RequestInvalid
        It is none.
    """
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as e:
        raise RequestInvalid(f"body: expected one JSON object, found something else ({type(e).__name__})") from e
    if not isinstance(value, dict):
        raise RequestInvalid(f"body: expected a JSON object, found {type(value).__name__}; send an object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RequestInvalid("body: expected every key once, found one twice; send it once")
    return found


def _no_constant(name: str) -> NoReturn:
    raise RequestInvalid(f"body: expected finite numbers, found {name}; leave it out")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise RequestInvalid(f"body: expected finite numbers, found {text[:20]}; leave it out")
    return number
