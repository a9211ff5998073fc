"""One Cloud Task for each piece of work, named after it, so that a schedule that fires twice queues it once."""

import os
from typing import Any

from backend.adapters.task_payload import to_payload
from backend.domain.errors import StoreUnavailable
from backend.domain.task import Task

_APP = "maestro"
_ACCEPTED_IN_EMULATOR = "Invalid resource name format."  # what firebase-admin says of the emulator's answer


class CloudTaskQueue:
    """``TaskQueue`` of one function; threads may share it.

    Parameters
    ----------
    project, location, function : where the function is deployed, such as ("demo", "us-central1", "tenanttick")
    deadline_seconds : the time that a delivery may take, after which the queue gives it up
    """

    def __init__(self, project: str, location: str, function: str, deadline_seconds: int) -> None:
        import firebase_admin
        from firebase_admin import functions

        name = f"{_APP}-{project}"
        try:
            app = firebase_admin.get_app(name)
        except ValueError:  # its word for "there is none yet"
            app = firebase_admin.initialize_app(options={"projectId": project}, name=name)
        self._deadline_seconds = deadline_seconds
        self._queue: Any = functions.task_queue(f"locations/{location}/functions/{function}", app=app)

    def enqueue(self, task: Task) -> bool:
        from firebase_admin.exceptions import ConflictError, FirebaseError
        from firebase_admin.functions import TaskOptions

        options = TaskOptions(task_id=task.task_id, dispatch_deadline_seconds=self._deadline_seconds)
        try:
            self._queue.enqueue({"data": to_payload(task)}, options)
        except ConflictError:
            return False
        except FirebaseError as e:
            raise StoreUnavailable(
                f"Cloud Tasks: expected to queue {task.kind} {task.subject} of {task.key.tenant_id}, found {e.code}; "
                "run the schedule again, and check the role cloudtasks.enqueuer if it stays"
            ) from e
        except ValueError as e:
            if str(e) != _ACCEPTED_IN_EMULATOR or "CLOUD_TASKS_EMULATOR_HOST" not in os.environ:
                raise
        return True
