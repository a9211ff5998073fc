"""ID tokens of Firebase Auth, or of its emulator where ``FIREBASE_AUTH_EMULATOR_HOST`` names one."""

import time
from typing import Any

from backend.domain.errors import IdentityUnavailable, NotAuthenticated
from backend.ports.bearers import Bearer

_APP = "maestro-tokens"
_SKEW_SECONDS = 5  # by which Google's clock may be ahead of ours
_TIMEOUT_SECONDS = 10.0


class FirebaseTokens:
    """``Bearers`` of one Firebase project."""

    def __init__(self, project: str) -> None:
        import firebase_admin

        options = {"projectId": project, "httpTimeout": _TIMEOUT_SECONDS}
        # An app of our own: the process may have Firebase's default one, for another project.
        self._app = firebase_admin.initialize_app(options=options, name=f"{_APP}-{project}")

    def verified(self, token: str, *, check_revoked: bool) -> Bearer:
        """Check signature, project and expiry against Google's certificates, which are kept; see the port."""
        from firebase_admin import auth
        from firebase_admin.exceptions import FirebaseError
        from google.auth.exceptions import GoogleAuthError

        try:
            claims = auth.verify_id_token(
                token, app=self._app, check_revoked=check_revoked, clock_skew_seconds=_SKEW_SECONDS
            )
        except (auth.ExpiredIdTokenError, auth.RevokedIdTokenError) as e:
            raise _refused("one that has expired or was revoked; sign in again") from e
        except (auth.InvalidIdTokenError, auth.UserDisabledError, auth.UserNotFoundError, ValueError) as e:
            raise _refused("one that does not hold; sign in, and send the token that you are given") from e
        except (FirebaseError, GoogleAuthError) as e:
            raise IdentityUnavailable(
                f"Firebase Auth: expected an answer about a token, found {type(e).__name__}; send the request again"
            ) from e
        if claims["exp"] + _SKEW_SECONDS < time.time():  # which the library leaves out for the emulator's tokens
            raise _refused("one that has expired; sign in again")
        return _bearer(claims)


def _bearer(claims: dict[str, Any]) -> Bearer:
    tenant_id, email = claims.get("tenant_id"), claims.get("email")
    return Bearer(
        uid=claims["uid"],
        email=email if isinstance(email, str) else None,
        tenant_id=tenant_id if isinstance(tenant_id, str) else None,
        is_platform_operator=claims.get("operator") is True,
    )


def _refused(found: str) -> NotAuthenticated:
    return NotAuthenticated(f"Authorization: expected a Firebase ID token of this project, found {found}")
