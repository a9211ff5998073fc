"""functions/main.py: what it exports, and how little it imports."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from functions import main

ROOT = Path(__file__).resolve().parents[3]
HEAVY = (
    "alpaca",
    "exchange_calendars",
    "flask_openapi3",
    "google.cloud.aiplatform",
    "google.cloud.firestore",
    "google.genai",
    "limits",
    "numpy",
    "pandas",
    "pydantic",
    "pydantic_settings",
    "structlog",
    "vertexai",
)


def test_main_imports_no_vendor_but_firebase_functions() -> None:
    script = "import json, sys; import functions.main; json.dump(sorted(sys.modules), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout))
    assert "firebase_functions" in imported
    assert [name for name in HEAVY if name in imported] == []
    assert [name for name in imported if name == "backend" or name.startswith("backend.")] == []


def test_main_exports_every_cloud_function_and_nothing_else() -> None:
    endpoints = {name: getattr(main, name).__firebase_endpoint__ for name in main.__all__}
    assert {name: endpoint.entryPoint for name, endpoint in endpoints.items()} == {name: name for name in main.__all__}
    scheduled = {name for name, endpoint in endpoints.items() if endpoint.scheduleTrigger}
    queued = {name for name, endpoint in endpoints.items() if endpoint.taskQueueTrigger}
    snapshots = {"daily_performance_snapshot", "monthly_performance_snapshot"}
    assert scheduled == {"scheduled_tick", "scheduled_reconciliation", *snapshots}
    served = {name for name, endpoint in endpoints.items() if endpoint.httpsTrigger is not None}
    assert served == {"api"}
    assert scheduled | queued | served == set(main.__all__)


@pytest.mark.parametrize("name", main.__all__)
def test_main_function_is_no_coroutine_function(name: str) -> None:
    body = inspect.unwrap(getattr(main, name))
    assert body is not getattr(main, name), "expected the trigger to wrap the body"
    assert not inspect.iscoroutinefunction(body)
    assert not inspect.isasyncgenfunction(body)


def test_main_task_function_can_name_a_queue() -> None:
    """Cloud Tasks refuses a queue named with anything but letters, digits and hyphens."""
    queued = [name for name in main.__all__ if getattr(main, name).__firebase_endpoint__.taskQueueTrigger]
    assert queued
    assert all(name.isalnum() for name in queued)


def test_main_api_has_little_memory_and_few_instances() -> None:
    endpoint = main.api.__firebase_endpoint__  # type: ignore[attr-defined]
    assert (endpoint.availableMemoryMb, endpoint.timeoutSeconds, endpoint.maxInstances) == (256, 60, 10)


def test_main_schedules_agree_with_the_settings() -> None:
    from backend.settings_blocks import ScheduleSettings
    from functions.triggers import schedules

    crons = (schedules._DISPATCH, schedules._DAILY, schedules._MONTHLY, schedules._RECONCILIATION)
    stated = (*crons, schedules._TIME_ZONE)
    defaults = ScheduleSettings()
    names = ("dispatch", "daily_snapshot", "monthly_snapshot", "reconciliation", "time_zone")
    assert {each.name: each.default for each in stated} == {
        f"MAESTRO_SCHEDULE__{name.upper()}": getattr(defaults, name) for name in names
    }


def test_main_concurrency_agrees_with_the_settings() -> None:
    from backend.settings_blocks import TaskSettings
    from functions.triggers import tasks

    stated = {each.name: each.default for each in (tasks._TICKS_AT_ONCE, tasks._JOBS_AT_ONCE)}
    defaults = TaskSettings()
    assert stated == {
        "MAESTRO_TASKS__CONCURRENT_TICKS": defaults.concurrent_ticks,
        "MAESTRO_TASKS__CONCURRENT_JOBS": defaults.concurrent_jobs,
    }
