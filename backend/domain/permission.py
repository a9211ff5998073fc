"""What a request asks for, and who may have it.

1. a member may what the role in its document includes;
2. while its tenant is suspended, nobody may do more than look, and stop;
3. a platform operator, who is no member, may look at the standing of any tenant and halt it, and nothing else. Reducing
   is not among it: over a halt of the tenant's own it would let exits out again.
"""

from dataclasses import dataclass
from enum import StrEnum

from backend.domain.role import Role


class Permission(StrEnum):
    """From the least to the most."""

    STATUS = "status"
    READ = "read"
    HALT = "halt"
    FLATTEN = "flatten"
    OPERATE = "operate"
    CONFIGURE = "configure"


_NEEDED = {
    Permission.STATUS: Role.VIEWER,
    Permission.READ: Role.VIEWER,
    Permission.HALT: Role.OPERATOR,
    Permission.FLATTEN: Role.OPERATOR,
    Permission.OPERATE: Role.OPERATOR,
    Permission.CONFIGURE: Role.OWNER,
}
WHILE_SUSPENDED = frozenset({Permission.STATUS, Permission.READ, Permission.HALT, Permission.FLATTEN})
OF_THE_PLATFORM = frozenset({Permission.STATUS, Permission.HALT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who asks, with a member's role, None for anybody else; and how the tenant stands."""

    role: Role | None = None
    is_platform_operator: bool = False
    is_suspended: bool = False

    def has(self, permission: Permission) -> bool:
        """Say whether this caller may have it."""
        if self.is_platform_operator and permission in OF_THE_PLATFORM:
            return True
        if self.role is None or (self.is_suspended and permission not in WHILE_SUSPENDED):
            return False
        return self.role.includes(_NEEDED[permission])
