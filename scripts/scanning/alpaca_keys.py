"""Alpaca's credentials, as a plugin of detect-secrets."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class AlpacaKeyDetector(RegexBasedDetector):
    """A key id (PK… of a paper account, AK… of a live one, CK… of a broker's), and the secret beside its name."""

    secret_type = "Alpaca API Key"

    denylist = (
        re.compile(r"\b(?:PK|AK|CK)(?=[A-Z]*[0-9])[A-Z0-9]{18}(?:[A-Z0-9]{6})?\b"),
        re.compile(
            r"""(?:apca|alpaca)[\w.-]{0,20}secret[\w.-]{0,10}["']?\s{0,4}[:=]+\s{0,4}["']?([A-Za-z0-9/+]{40,48})\b""",
            re.IGNORECASE,
        ),
    )
