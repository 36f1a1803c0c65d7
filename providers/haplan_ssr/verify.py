"""The check after a write: what was not as it should be with the routers that a transaction reached, as the wait for
them found it."""

from haplan.plugin import Finding, Task

FOUND = "found"
"""Key of a receipt: rule, address and text of each thing that is wrong."""


def told(task: Task) -> list[Finding]:
    """What was not as it should be when the wait ended, from the receipt."""
    where = {part.change.address: part.change.location for part in task.parts}
    found = task.receipt.get(FOUND, ())
    return [
        Finding(rule=rule, severity="error", address=address, message=text, location=where.get(address, ""))
        for rule, address, text in found
    ]
