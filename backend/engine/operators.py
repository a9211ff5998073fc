"""Who runs the platform: a document and a claim, in the same order and for the same reasons as a membership."""

from dataclasses import dataclass

from backend.domain.errors import ConfigurationError
from backend.domain.tenant import OPERATOR_CLAIM, Operator
from backend.engine.claims import identity_of, known
from backend.engine.tenant_changes import Office
from backend.ports.tenants import Operators


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointed:
    """An operator after a command, and what of it the command had to write."""

    operator: Operator
    was_written: bool
    were_claims_set: bool


def add_operator(user: str, operators: Operators, office: Office) -> Appointed:
    """Make a user an operator of the platform; again where that was done by half.

    Raises
    ------
    ConfigurationError
        There is no such user.
    """
    identity = identity_of(user, office.identities)
    if identity is None:
        raise ConfigurationError(
            f"user: expected one who has signed up, found none called {user!r}; create them in Firebase Auth"
        )
    found = _operator(operators, identity.uid)
    operator = found or Operator(uid=identity.uid, email=identity.email, added_at=office.now(), added_by=office.by)
    if found is None:
        operators.admit(operator)
    claims = {**known(office.identities, operator.uid).claims, OPERATOR_CLAIM: True}
    is_signed = claims == identity.claims
    if not is_signed:
        office.identities.set_claims(operator.uid, claims)
    return Appointed(operator=operator, was_written=found is None, were_claims_set=not is_signed)


def remove_operator(user: str, operators: Operators, office: Office) -> str:
    """Take somebody from the operators, clear the claim and end the sessions; return the uid.

    Raises
    ------
    ConfigurationError
        They are none, and have no claim that says so.
    """
    found = _operator(operators, user)
    identity = office.identities.by_uid(found.uid) if found else identity_of(user, office.identities)
    if found is not None:
        operators.dismiss(found.uid)
    elif identity is None or OPERATOR_CLAIM not in identity.claims:
        raise ConfigurationError(f"user: expected an operator, found none called {user!r}; see maestro operator list")
    if identity is not None:
        office.identities.revoke(identity.uid)
        if OPERATOR_CLAIM in identity.claims:  # last: as long as it is there, the same command finds them
            left = {name: value for name, value in identity.claims.items() if name != OPERATOR_CLAIM}
            office.identities.set_claims(identity.uid, left)
    return user if identity is None else identity.uid


def _operator(operators: Operators, user: str) -> Operator | None:
    wanted = user.strip().lower()
    return next(
        (each for each in operators.operators() if user == each.uid or wanted == (each.email or "").lower()), None
    )
