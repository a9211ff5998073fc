"""The HTTP API as a Cloud Function. It hands every request on; what serves it is imported by the first one."""

from typing import Any

from firebase_functions import https_fn, options
from flask import Request, Response

from functions.triggers.tasks import REGION

_MOST_INSTANCES = 10  # the allowance of a caller is counted in each


@https_fn.on_request(
    region=REGION,
    memory=options.MemoryOption.MB_256,
    timeout_sec=60,
    max_instances=_MOST_INSTANCES,
)
def api(request: Request) -> Any:
    """Answer a request by the application that ``maestro serve api`` serves, too."""
    from functions.api.serving import deployed

    return Response.from_app(deployed(), request.environ)
