"""Broker credentials in Google Secret Manager: one secret for each tenant, whose newest version is in force.

1. the secret is ``maestro-broker-`` and the tenant's id, quoted into Secret Manager's alphabet;
2. a version is one JSON object of key, secret and paper, so that a rotation is never half done;
3. storing adds a version and destroys those before it: a version costs money until it is destroyed.
"""

import json
import logging
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar

from backend.adapters.access_payload import command, corrupt, from_payload, none_stored, to_payload
from backend.domain.access import AccessRecord, BrokerAccess
from backend.domain.errors import ConfigurationError, MaestroError, StoreUnavailable

_PREFIX = "maestro-broker-"
_LONGEST_ID = 255
_READ_ATTEMPTS = 3
_ENABLED = "ENABLED"
_DESTROYED = "DESTROYED"
_MISREAD = (ValueError, AttributeError, TypeError)  # what the client trips with over JSON of another shape

T = TypeVar("T")


class SecretManagerCredentials:
    """``Credentials`` in Secret Manager.

    Parameters
    ----------
    project : Google Cloud project, by id or number
    client : a ``SecretManagerServiceClient``; None makes one over REST with the application default credentials
    timeout_seconds : how long to wait for each answer; a read is tried up to three times, a write once
    """

    def __init__(self, project: str, *, client: Any = None, timeout_seconds: float = 5.0) -> None:
        self._project = project
        self._given = client
        self._timeout_seconds = timeout_seconds

    def broker_access(self, tenant_id: str) -> BrokerAccess:
        name = f"{self._secret(tenant_id)}/versions/latest"
        answer = self._read(tenant_id, lambda: self._client.access_secret_version(name=name, **self._once))
        if answer is None:
            raise none_stored(tenant_id, self._secret(tenant_id))
        try:
            payload = json.loads(answer.payload.data)
        except ValueError:
            raise corrupt(tenant_id, answer.name, "no JSON") from None  # the cause holds what it could not read
        return from_payload(payload, tenant_id, answer.name)

    def record(self, tenant_id: str) -> AccessRecord | None:
        name = f"{self._secret(tenant_id)}/versions/latest"
        found = self._read(tenant_id, lambda: self._client.get_secret_version(name=name, **self._once))
        if found is None or found.state.name != _ENABLED:
            return None
        return AccessRecord(place=self._secret(tenant_id), version=_number(found.name), since=found.create_time)

    def store_broker_access(self, tenant_id: str, access: BrokerAccess) -> None:
        self._create(tenant_id)
        data = json.dumps(to_payload(access)).encode()
        request = {"parent": self._secret(tenant_id), "payload": {"data": data}}
        added = self._call(tenant_id, lambda: self._client.add_secret_version(request=request, **self._once))
        try:
            self._destroy_before(tenant_id, _number(added.name))
        except MaestroError as e:
            raise StoreUnavailable(
                f"{added.name}: is stored and in force; expected to destroy the versions before it, which cost money, "
                f"found {e}; run {command(tenant_id)} again later"
            ) from e

    def remove(self, tenant_id: str) -> None:
        """Delete the secret with all its versions."""
        name = self._secret(tenant_id)
        if self._read(tenant_id, lambda: self._client.get_secret(name=name, **self._once)) is None:
            raise none_stored(tenant_id, name)
        self._call(tenant_id, lambda: self._client.delete_secret(name=name, **self._once))

    def forget(self, access: BrokerAccess) -> None:
        """Forget nothing: every read asks Secret Manager."""

    def _create(self, tenant_id: str) -> None:
        from google.api_core.exceptions import Conflict

        request = {
            "parent": f"projects/{self._project}",
            "secret_id": secret_id(tenant_id),
            "secret": {"replication": {"automatic": {}}},
        }

        def create() -> None:
            try:
                self._client.create_secret(request=request, **self._once)
            except Conflict:
                return  # as from the second rotation on

        self._call(tenant_id, create)

    def _destroy_before(self, tenant_id: str, number: int) -> None:
        parent = self._secret(tenant_id)
        listed = self._read(
            tenant_id, lambda: list(self._client.list_secret_versions(request={"parent": parent}, **self._once))
        )
        for version in listed or ():
            if _number(version.name) < number and version.state.name != _DESTROYED:
                self._destroy(tenant_id, version.name)

    def _destroy(self, tenant_id: str, name: str) -> None:
        self._call(tenant_id, lambda: self._client.destroy_secret_version(name=name, **self._once))

    @property
    def _once(self) -> dict[str, Any]:
        """Google's client would repeat for a minute, whatever a tick has left."""
        return {"retry": None, "timeout": self._timeout_seconds}

    @cached_property
    def _client(self) -> Any:
        # At DEBUG Google's client logs whole answers, and so the secret, when a process asks for its log.
        logging.getLogger("google.cloud.secretmanager_v1").setLevel(logging.INFO)
        if self._given is not None:
            return self._given
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient

        return SecretManagerServiceClient(transport="rest")

    def _secret(self, tenant_id: str) -> str:
        return f"projects/{self._project}/secrets/{secret_id(tenant_id)}"

    def _read(self, tenant_id: str, call: Callable[[], T]) -> T | None:
        """Make a call that changes nothing, again while the answer is in doubt; None where there is nothing."""
        from google.api_core.exceptions import BadRequest, NotFound
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

        def attempt() -> T | None:
            try:
                return call()
            except NotFound:
                return None
            except BadRequest as e:
                if "FAILED_PRECONDITION" in e.response.text:  # the version is disabled or destroyed
                    return None
                raise

        attempts = Retrying(
            retry=retry_if_exception_type(StoreUnavailable),
            stop=stop_after_attempt(_READ_ATTEMPTS),
            wait=wait_exponential(multiplier=0.1, max=1.0),
            reraise=True,
        )
        found: T | None = attempts(self._call, tenant_id, attempt)
        return found

    def _call(self, tenant_id: str, call: Callable[[], T]) -> T:
        """Make a call once, its failures translated."""
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]
        from requests.exceptions import RequestException

        try:
            return call()
        except (GoogleAPIError, GoogleAuthError, RequestException) as e:
            raise _translated(self._secret(tenant_id), e) from e
        except (ParseError, *_MISREAD):
            # The cause's text may quote the answer, and with it the secret.
            raise _unavailable(self._secret(tenant_id), "an answer that is not Secret Manager's JSON") from None


def secret_id(tenant_id: str) -> str:
    """Return the id of a tenant's secret: letters, digits and hyphens as they are, other bytes as ``_`` and two digits.

    What would be longer than 255 characters is hashed instead; ``__``, which no quoted id holds, tells them apart.
    """
    quoted = "".join(
        character if character.isascii() and (character.isalnum() or character == "-") else _escaped(character)
        for character in tenant_id
    )
    if len(_PREFIX) + len(quoted) <= _LONGEST_ID:
        return _PREFIX + quoted
    return f"{_PREFIX}__{sha256(tenant_id.encode()).hexdigest()}"


def _escaped(character: str) -> str:
    return "".join(f"_{byte:02x}" for byte in character.encode())


def _number(version: str) -> int:
    number = version.rpartition("/")[2]
    if not number.isdecimal():
        raise _unavailable(version or "version", "a version without its number")
    return int(number)


def _translated(secret: str, error: Exception) -> MaestroError:
    from google.api_core.exceptions import Forbidden, Unauthorized
    from google.auth.exceptions import DefaultCredentialsError

    found = f"{type(error).__name__}: {str(error)[:300]}"
    if isinstance(error, Forbidden | Unauthorized):
        return ConfigurationError(
            f"{secret}: expected leave to use it, found {found}; give the process's account the role Secret Manager "
            "Secret Accessor, or Secret Manager Admin to whoever sets credentials"
        )
    if isinstance(error, DefaultCredentialsError):
        return ConfigurationError(
            f"{secret}: expected Google's application default credentials, found none; run "
            "`gcloud auth application-default login`, or set credentials.source: file"
        )
    return _unavailable(secret, found)


def _unavailable(secret: str, found: str) -> StoreUnavailable:
    return StoreUnavailable(f"{secret}: expected an answer from Secret Manager, found {found}; try again later")
