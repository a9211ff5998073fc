"""A tenant's credentials as what is removed with it."""

from collections.abc import Sequence

from backend.ports.credentials import Credentials


class CredentialRemoval:
    """``SecretRemoval`` of broker credentials."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def held(self, tenant_id: str) -> Sequence[str]:
        found = self._credentials.record(tenant_id)
        return () if found is None else (f"broker credentials in {found.place}",)

    def remove(self, tenant_id: str) -> Sequence[str]:
        held = self.held(tenant_id)
        if held:
            self._credentials.remove(tenant_id)
        return held
