"""Users in Firebase Auth, or in its emulator where ``FIREBASE_AUTH_EMULATOR_HOST`` names one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from backend.domain.errors import ConfigurationError, StoreUnavailable
from backend.domain.tenant import Identity

TIMEOUT_SECONDS = 10.0
_APP = "maestro-auth"
_CLAIMS_BYTES = 1000


class FirebaseIdentities:
    """``Identities`` of one project.

    Parameters
    ----------
    project : str
        The Google Cloud project whose users they are. Credentials are the application default ones.
    timeout_seconds : float
        For one HTTP request; the client repeats what was answered with 500 or 503 up to four times.
    """

    def __init__(self, project: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        import firebase_admin

        name = f"{_APP}-{project}-{timeout_seconds}"
        try:
            self._app = firebase_admin.get_app(name)
        except ValueError:  # its word for "there is none yet"
            options = {"projectId": project, "httpTimeout": timeout_seconds}
            self._app = firebase_admin.initialize_app(options=options, name=name)

    def by_uid(self, uid: str) -> Identity | None:
        """Look a user up; see the port."""
        from firebase_admin import auth

        return self._found(auth.get_user, uid)

    def by_email(self, email: str) -> Identity | None:
        """Look a user up by e-mail; see the port."""
        from firebase_admin import auth

        return self._found(auth.get_user_by_email, email)

    def set_claims(self, uid: str, claims: Mapping[str, Any]) -> None:
        """Give a user exactly these claims; see the port."""
        from firebase_admin import auth

        with _translated(f"to set the claims of {uid}"):
            auth.set_custom_user_claims(uid, dict(claims), app=self._app)

    def revoke(self, uid: str) -> None:
        """Let no token of a user be renewed; see the port."""
        from firebase_admin import auth

        with _translated(f"to end the sessions of {uid}"):
            auth.revoke_refresh_tokens(uid, app=self._app)

    def _found(self, look_up: Callable[..., Any], name: str) -> Identity | None:
        from firebase_admin.auth import UserNotFoundError

        try:
            with _translated(f"to look up {name}"):
                user = look_up(name, app=self._app)
        except UserNotFoundError:
            return None
        return Identity(
            uid=user.uid, email=user.email, is_verified=user.email_verified, claims=dict(user.custom_claims or {})
        )


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Say Firebase's errors in our words; a user that is not there is an answer, and passes."""
    from firebase_admin import exceptions as firebase
    from firebase_admin.auth import ConfigurationNotFoundError, UserNotFoundError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except UserNotFoundError:
        raise
    except (firebase.PermissionDeniedError, firebase.UnauthenticatedError, GoogleAuthError) as e:
        raise ConfigurationError(
            f"Firebase Auth: expected credentials that allow {what}, found: {e}; grant roles/firebaseauth.admin to "
            "whoever runs this, or log in with application default credentials"
        ) from e
    except ConfigurationNotFoundError as e:
        raise ConfigurationError(
            f"Firebase Auth: expected the project to have it, found: {e}; switch Authentication on in its console"
        ) from e
    except (firebase.InvalidArgumentError, ValueError) as e:
        raise ConfigurationError(
            f"Firebase Auth: expected {what}, found: {e}; correct the uid or e-mail, or remove claims that others "
            f"set beyond {_CLAIMS_BYTES} bytes"
        ) from e
    except firebase.FirebaseError as e:
        raise StoreUnavailable(
            f"Firebase Auth: expected an answer when asked {what}, found {e.code}: {e}; whether it was done is "
            "unknown, run the same again"
        ) from e
