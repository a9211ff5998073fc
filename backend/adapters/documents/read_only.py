"""A store of documents that is read, and not written."""

from collections.abc import Sequence
from typing import NoReturn

from backend.adapters.documents.passed_on import ReadsPassedOn
from backend.adapters.documents.seam import Write
from backend.domain.errors import StoreError


class ReadOnlyDocuments(ReadsPassedOn):
    """Passes on what reads, and refuses to commit."""

    def commit(self, writes: Sequence[Write]) -> NoReturn:
        """Refuse.

        Raises
        ------
        StoreError
            Always; nothing was written.
        """
        raise StoreError(
            f"expected a store that is only read, found {len(writes)} writes: "
            f"{', '.join(write.path for write in writes[:3])}; report it"
        )
