"""Credentials where no tenant has any of its own."""

from collections.abc import Sequence


class NullSecrets:
    """``SecretRemoval`` of nothing."""

    def held(self, tenant_id: str) -> Sequence[str]:
        return ()

    def remove(self, tenant_id: str) -> Sequence[str]:
        return ()
