"""What a member may do: each role includes those before it."""

from enum import StrEnum


class Role(StrEnum):
    """From the least to the most."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"

    def includes(self, other: "Role") -> bool:
        """Say whether whoever has this role may do what ``other`` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)
