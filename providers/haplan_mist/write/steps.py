"""The steps of a write, as they are announced and stand in the journal."""

from enum import StrEnum


class Step(StrEnum):
    """What is sent to Mist next."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RETIRE = "retire"
    VARIABLES = "variables"
    FORM = "form"
    DISSOLVE = "dissolve"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    REPLACE_NODE = "replace node"
    PUSH_AGAIN = "push again"
    PROFILE = "profile"
    DEVICE = "device"
    ASSIGN_PROFILE = "assign profile"
    UNASSIGN_PROFILE = "unassign profile"
