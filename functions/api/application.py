"""The application: every endpoint behind its gate, errors as problems, the OpenAPI document.

A request passes, in this order: the gate, the allowance, what the OpenAPI document says of it, and for a write the
receipts.
"""

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Response, g, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel, ValidationError

from backend.domain.errors import NotAuthenticated, RateExceeded, RequestInvalid
from backend.domain.receipt import WriteRequest
from functions import bootstrap, stores
from functions.api import answers, cors, openapi
from functions.api.calls import Call, Served
from functions.api.endpoints import BY_NAME, ENDPOINTS, Endpoint
from functions.api.once import carried_out
from functions.api.problems import MIMETYPE, problem_of
from functions.api.strict_request import StrictRequest, parsed
from functions.api.takes import WriteHeader

_BEARER = "bearer "
_MOST_DETAILS = 5


def create_app(served: Served) -> OpenAPI:
    """Return the application that serves these settings behind this gate."""
    app = OpenAPI(
        "maestro",
        info=Info(title=openapi.TITLE, version=openapi.VERSION, description=openapi.ABOUT),
        security_schemes=openapi.SECURITY,
        validation_error_callback=_invalid,
        validation_error_model=answers.Problem,
        doc_ui=False,
    )
    app.request_class = StrictRequest
    app.config["MAX_CONTENT_LENGTH"] = served.settings.api.body_limit
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.before_request(lambda: _admit(served))
    app.after_request(lambda response: cors.allowed(response, served.settings.api.origins))
    app.register_error_handler(Exception, _answered)
    for endpoint in ENDPOINTS:
        _register(app, endpoint)
    app.get("/v1/health", operation_id="health", summary="Say that it is there.", responses={200: answers.Health})(
        _health
    )
    document = openapi.completed(app.api_doc)
    app.add_url_rule("/openapi.json", "openapi", lambda: document)
    return app


def _register(app: OpenAPI, endpoint: Endpoint) -> None:
    add = getattr(app, endpoint.method.lower())
    add(
        endpoint.rule,
        operation_id=endpoint.name,
        summary=endpoint.meaning,
        responses={200: endpoint.answer},
        security=[{openapi.SCHEME: []}],
        endpoint=endpoint.name,
    )(_view(endpoint))


def _view(endpoint: Endpoint) -> Any:
    """Return what Flask calls; flask-openapi3 reads from its annotations what the request must carry."""

    def view(**given: BaseModel) -> Response:
        call: Call = g.call
        given.pop("header", None)
        act = partial(endpoint.act, call, **given)
        if endpoint.is_write:
            said = carried_out(_write_request(call), act, stores.receipts(call.settings))
            done = endpoint.answer.model_validate(said)
        else:
            done = act()
        return Response(done.model_dump_json(), mimetype="application/json")

    view.__name__ = endpoint.name
    view.__annotations__ = {**endpoint.takes, **({"header": WriteHeader} if endpoint.is_write else {})}
    return view


def _admit(served: Served) -> None:
    """Let only those in who may do what the path says, as often as they may."""
    g.correlation_id = secrets.token_hex(16)
    endpoint = BY_NAME.get(request.endpoint or "")
    if endpoint is None or request.method == "OPTIONS" or request.view_args is None:
        return
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != _BEARER.strip() or not token.strip():
        raise NotAuthenticated("Authorization: expected a header `Bearer <ID token>`, found none; sign in and send it")
    tenant_id = request.view_args["tenant_id"]
    caller = served.gate.admitted(token.strip(), tenant_id, endpoint.needs)
    wait = served.allowance.spend(tenant_id, caller.uid, is_write=endpoint.is_write)
    if wait:
        g.retry_after = wait
        raise RateExceeded(f"expected fewer requests in a minute, found too many; wait {wait} s")
    g.call = Call(served=served, caller=caller, tenant_id=tenant_id)


def _write_request(call: Call) -> WriteRequest:
    body = request.get_data()
    return WriteRequest(
        tenant_id=call.tenant_id,
        uid=call.caller.uid,
        key=request.headers["Idempotency-Key"],
        method=request.method,
        path=request.path,
        content={"body": parsed(body) if body else {}, "query": request.args.to_dict()},
        at=call.served.now(),
    )


def _health() -> Response:
    return Response(answers.Health(status="ok", version=openapi.VERSION).model_dump_json(), mimetype="application/json")


def _invalid(error: ValidationError) -> Any:
    """Say what is wrong with a request, without quoting it."""
    found = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
    more = f" and {len(found) - _MOST_DETAILS} more" if len(found) > _MOST_DETAILS else ""
    text = f"expected what /openapi.json describes, found: {'; '.join(found[:_MOST_DETAILS])}{more}; correct it"
    raise RequestInvalid(text) from None


def _answered(error: Exception) -> Response:
    """Make the answer of an error; what is a fault of ours goes to the log, whole."""
    problem, correlation_id = problem_of(error), g.get("correlation_id") or secrets.token_hex(16)
    if problem.is_ours:
        log = bootstrap.log(correlation_id=correlation_id, path=request.path, method=request.method)
        log.error(str(error) or type(error).__name__, kind="api_failed", error=type(error).__name__, exc_info=error)
    document = answers.Problem(**problem.document(correlation_id))
    response = Response(document.model_dump_json(), status=problem.status, mimetype=MIMETYPE)
    response.headers.update(_headers(error, problem.status))
    return response


def _headers(error: Exception, status: int) -> Mapping[str, str]:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="maestro"'}
    if status in (429, 503):
        return {"Retry-After": str(g.get("retry_after", 1))}
    methods = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(sorted(methods))} if status == 405 and methods else {}
