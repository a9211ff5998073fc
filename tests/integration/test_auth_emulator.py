"""The Auth emulator is what tests of members and of the API stand on."""

import json
from base64 import urlsafe_b64decode

import pytest

from tests.emulators.auth_emulator import id_token, sign_up

pytestmark = pytest.mark.suite


def test_auth_emulator_signs_in_the_user_that_was_made(auth_host: str) -> None:
    sign_up(auth_host, "demo-maestro", uid="ann", email="ann@example.com")
    _, payload, _ = id_token(auth_host, email="ann@example.com").split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    assert (claims["user_id"], claims["aud"]) == ("ann", "demo-maestro")
