"""A folder and a store, from which commands about tenants are run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from backend.adapters.documents import Documents, paths
from backend.adapters.documents.seam import merge
from tests.integration.maestro_process import Ended, maestro


class Desk:
    """A folder and a store, from which commands are run."""

    def __init__(self, folder: Path, documents: Documents, **variables: str) -> None:
        self.folder = folder
        self.documents = documents
        self.variables = {"USER": "eve", "LOGNAME": "eve", **variables}

    def run(self, *arguments: str) -> Ended:
        return maestro(*arguments, folder=self.folder, **self.variables)

    def settle(self, tenant_id: str) -> None:
        """Let a suspension be so old that nothing that had begun before it can still write."""
        past = datetime.now(UTC) - timedelta(hours=1)
        self.documents.commit([merge(paths.tenant(tenant_id), {"suspended_at": past})])
