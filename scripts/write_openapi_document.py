"""Write docs/reference/openapi.json, which the API serves: ``.venv/bin/python scripts/write_openapi_document.py``."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from backend.domain.permission import Permission
from backend.settings import Settings
from functions.api.allowance import Allowance
from functions.api.application import create_app
from functions.api.calls import Served

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "openapi.json"


class _Shut:
    """A gate that nobody passes: the document needs no token."""

    def admitted(self, token: str, tenant_id: str, permission: Permission) -> NoReturn:
        raise AssertionError("the document is read without a token")


def document() -> str:
    """Return the whole document."""
    app = create_app(
        Served(
            settings=Settings(),
            gate=_Shut(),
            allowance=Allowance(reads_per_minute=1, writes_per_minute=1),
            now=lambda: datetime.now(UTC),
        )
    )
    return json.dumps(app.test_client().get("/openapi.json").json, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file."""
    TARGET.write_text(document())
    print(TARGET.name)


if __name__ == "__main__":
    main()
