"""Secrets are hidden wherever they stand in an event; what only looks long is not."""

from typing import Any

import pytest

from backend.adapters.log_secrets import HIDDEN, hide_secrets, without_secrets

ALPACA_SECRET = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7b"  # pragma: allowlist secret
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"  # pragma: allowlist secret


def hidden(**event: Any) -> dict[str, Any]:
    return dict(hide_secrets(None, "info", event))


@pytest.mark.parametrize(
    "name",
    ["secret", "APCA_API_SECRET_KEY", "apiKey", "password", "access_token", "Authorization", "credentials", "cookie"],
)
@pytest.mark.parametrize("value", ["x", b"x", ["x"], {"id": "x"}])
def test_field_that_is_named_like_a_secret_is_hidden(name: str, value: Any) -> None:
    assert hidden(**{name: value}) == {name: HIDDEN}
    assert hidden(facts={"deep": [{name: value}]}) == {"facts": {"deep": [{name: HIDDEN}]}}


@pytest.mark.parametrize(
    ("name", "value"), [("token_count", 3), ("has_secret", True), ("password", ""), ("token", None)]
)
def test_field_that_holds_none_is_left(name: str, value: Any) -> None:
    assert hidden(**{name: value}) == {name: value}


@pytest.mark.parametrize(
    ("secret", "around"),
    [
        ("PK0123456789ABCDEFGH", "key {} is unknown"),
        ("AKABCDEFGHIJKLMNOPQRSTUVWX", "key {}"),
        (ALPACA_SECRET, "signed with {}."),
        (JWT, "token {} has expired"),
        ("ya29.a0AfH6SMBx-y_z", "got {}"),
        ("AIza" + "b" * 35, "?x={}"),
        ("xoxb-12-ab-cd", "slack said {}"),
        ("c2VjcmV0LXRoaW5n", "Authorization: Bearer {}"),
        ("YW5uOmh1c2g=", "authorization: Basic {}"),
        ("ann:hush", "https://{}@host/path"),
        ("hush-hush", "https://host/?api_key={}&page=2"),
        ("hush-hush", '{{"client_secret": "{}"}}'),
        ("T0/B0/XyZ12", "https://hooks.slack.com/services/{}"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "pem {} end"),
    ],
)
def test_text_that_looks_like_a_secret_is_hidden(secret: str, around: str) -> None:
    said = without_secrets(around.format(secret))
    assert said == around.format(HIDDEN)


@pytest.mark.parametrize(
    "text",
    [
        "mae-0123456789abcdef0123456789abcdef01234567",
        "0" * 64,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "main-20260302T150500.000000Z",
        "projects/demo/traces/105445aa7843bc8bf206b12000100000",
        "tenants/acme/orders: expected a password of 8 letters, found none",
        "AAPL at https://api.alpaca.markets/v2/orders?page_token_count",
        "AKAM is a ticker, and so is PKG",
    ],
)
def test_text_that_is_no_secret_is_left(text: str) -> None:
    assert without_secrets(text) == text
