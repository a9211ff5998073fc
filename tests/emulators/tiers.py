"""Tiers of tests that need more than Python: loud when they cannot run, and a failure in CI."""

import os

import pytest


def require_tier(name: str, available: bool, enable_command: str) -> None:
    """Go on when a tier can run; else fail in CI (``CI=true``) and skip elsewhere, with the way to enable it."""
    if available:
        return
    message = f"{name}: this tier cannot run here; enable it with: {enable_command}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
