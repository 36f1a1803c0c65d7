"""Templates and profiles of the organisation that serve nothing and that the stack does not have: forgotten ones."""

from collections.abc import Iterator

from haplan.plugin import Query
from haplan_mist.estate import TITLES, Known

USERS = {"gatewaytemplates": ("sites", "gatewaytemplate_id"), "deviceprofiles": ("inventory", "deviceprofile_id")}
"""List → the list of what it serves, and the key there that says so."""
SOME = 3
"""So many are named."""


def notes(estate: Known, query: Query) -> Iterator[str]:
    """A line for all of a kind, where all is looked at; of lists that were read anyway."""
    if query.max_age > 0 or query.document is not None:
        return
    ours = {one for target in query.targets for one in (target.id, target.name)}
    for kind, (users, key) in USERS.items():
        carried = {str(user.get(key) or "") for user in estate.known(users).values()}
        wires = estate.known(kind).items() if estate.known(users) else ()
        idle = sorted(str(wire.get("name")) for id_, wire in wires if id_ not in carried and id_ not in ours)
        names = [name for name in idle if name not in ours]
        if names:
            some = ", ".join(names[:SOME]) + (f" and {len(names) - SOME} more" if names[SOME:] else "")
            yield f"not in this stack, and serving nothing: {TITLES[kind]}{'s' if names[1:] else ''} {some}"
