"""One Cloud Task for each tick, named after the tick, so that a schedule that fires twice queues it once."""

import os
from hashlib import sha256
from typing import Any

from backend.domain.errors import StoreUnavailable
from backend.domain.tick import TickRequest

_APP = "maestro"
_ACCEPTED_IN_EMULATOR = "Invalid resource name format."  # what firebase-admin says of the emulator's answer


class TickQueue:
    """The queue of the function that runs one tenant's tick.

    Parameters
    ----------
    project, location, function : where the function is deployed, such as ("demo", "us-central1", "tenanttick")
    """

    def __init__(self, project: str, location: str, function: str) -> None:
        import firebase_admin
        from firebase_admin import functions

        name = f"{_APP}-{project}"
        try:
            app = firebase_admin.get_app(name)
        except ValueError:  # its word for "there is none yet"
            app = firebase_admin.initialize_app(options={"projectId": project}, name=name)
        self._queue = functions.task_queue(f"locations/{location}/functions/{function}", app=app)

    def enqueue(self, request: TickRequest) -> bool:
        """Queue a tick; False when it was queued before.

        Raises
        ------
        StoreUnavailable
            The queue did not take it: whether it is queued is unknown, and asking again is safe.
        """
        from firebase_admin.exceptions import ConflictError, FirebaseError
        from firebase_admin.functions import TaskOptions

        try:
            self._queue.enqueue(to_payload(request), TaskOptions(task_id=task_id(request)))
        except ConflictError:
            return False
        except FirebaseError as e:
            raise StoreUnavailable(
                f"Cloud Tasks: expected to queue {request.tick_id} of {request.key.tenant_id}, found {e.code}; "
                "run the schedule again, and check the role cloudtasks.enqueuer if it stays"
            ) from e
        except ValueError as e:
            if str(e) != _ACCEPTED_IN_EMULATOR or "CLOUD_TASKS_EMULATOR_HOST" not in os.environ:
                raise
        return True


def task_id(request: TickRequest) -> str:
    """Name a task by tenant and tick: a hash first, because Cloud Tasks slows down on names that ascend."""
    digest = sha256(f"{request.key.tenant_id}\x1f{request.tick_id}".encode()).hexdigest()
    return f"tick-{digest[:40]}"


def to_payload(request: TickRequest) -> dict[str, Any]:
    key = request.key
    return {
        "data": {
            "tenant_id": key.tenant_id,
            "portfolio_id": key.portfolio_id,
            "uid": key.uid,
            "scheduled_at": request.scheduled_at.isoformat(),
        }
    }
