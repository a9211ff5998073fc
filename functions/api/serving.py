"""The application of this process: behind Firebase's tokens in a Cloud Function, behind its own on one machine."""

from functools import lru_cache
from typing import TYPE_CHECKING

from functions import bootstrap, clients, stores
from functions.api.allowance import Allowance
from functions.api.application import create_app
from functions.api.calls import Served
from functions.api.gates import Gate, LocalGate, MemberGate
from functions.required import project

if TYPE_CHECKING:
    from flask_openapi3.openapi import OpenAPI

    from backend.settings import Settings


@lru_cache(maxsize=1)
def deployed() -> "OpenAPI":
    """Return the application of a Cloud Function, made by its first request."""
    return members_app(bootstrap.settings())


def members_app(settings: "Settings") -> "OpenAPI":
    """Return the application behind the ID tokens of the settings' Firebase project.

    Raises
    ------
    ConfigurationError
        No project is set.
    """
    gate = MemberGate(clients.firebase_tokens(project(settings)), stores.documents(settings))
    return create_app(_served(settings, gate))


def local_app(settings: "Settings", token: str) -> "OpenAPI":
    """Return the application of a machine without accounts: whoever has the token owns the settings' tenant."""
    return create_app(_served(settings, LocalGate(token, settings.tenant_id)))


def _served(settings: "Settings", gate: Gate) -> Served:
    api = settings.api
    allowance = Allowance(reads_per_minute=api.reads_per_minute, writes_per_minute=api.writes_per_minute)
    return Served(settings=settings, gate=gate, allowance=allowance, now=bootstrap.clock().now)
