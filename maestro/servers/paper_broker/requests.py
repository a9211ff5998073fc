"""Reading of requests and writing of answers, as JSON."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response

from maestro.servers.paper_broker.errors import Refusal, invalid
from maestro.servers.paper_broker.wire import encode, to_instant


def answer(document: object, status: int = 200) -> Response:
    return json_answer(encode(document), status)


def json_answer(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


async def body_of(request: Request) -> object:
    """Read a JSON body; its numbers are exact decimals."""
    try:
        document: object = json.loads(await request.body(), parse_float=Decimal)
    except ValueError as e:
        raise Refusal(400, 40010000, "request body format is invalid") from e
    return document


async def fields_of(request: Request) -> Mapping[str, object]:
    document = await body_of(request)
    if not isinstance(document, Mapping):
        raise Refusal(400, 40010000, "request body format is invalid")
    return document


def choice(request: Request, name: str, default: str, choices: tuple[str, ...]) -> str:
    value = request.query_params.get(name, default)
    if value not in choices:
        raise invalid(f"invalid {name}: expected one of {', '.join(choices)}, found {value}")
    return value


def limit(request: Request, name: str, default: int, highest: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= highest):
        raise invalid(f"invalid {name}: expected 1 to {highest}, found {text}")
    return int(text)


def optional_moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    return to_instant(name, text) if text else None


def optional_date(request: Request, name: str) -> date | None:
    text = request.query_params.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as e:
        raise invalid(f"invalid {name}: expected a date such as 2020-03-16, found {text}") from e


def symbols(request: Request) -> tuple[str, ...]:
    return tuple(part.strip() for part in request.query_params.get("symbols", "").split(",") if part.strip())
