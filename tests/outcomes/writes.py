"""The writes that each change sends on each provider, as its lab counts them: to make it, and to take it out.

`test_matrix.py` holds this to what is sent.
"""

Writes = dict[str, int]

COMMITTED = {"POST /config/validate": 1, "POST /config/commit": 1}
EDIT = "/config/candidate/**"
PRIVATE = {"open-configuration": 2, "load-configuration": 1, "commit-configuration": 3, "close-configuration": 2}


def both(**writes: int) -> tuple[Writes, Writes]:
    return writes, writes


def edits(there: Writes, back: Writes) -> tuple[Writes, Writes]:
    return {**there, **COMMITTED}, {**back, **COMMITTED}


POST, PATCH, DELETE = (f"{method} {EDIT}" for method in ("POST", "PATCH", "DELETE"))
DOOR: Writes = {"PATCH //config/edit": 1}
PUT_SITE, PUT_SETTING, DELETE_SITE = "PUT /sites/*", "PUT /sites/*/setting", "DELETE /sites/*"
DISSOLVE = "POST /orgs/*/inventory/delete_ha_cluster"
MIST = {
    "variables": both(**{PUT_SETTING: 1}),
    "network": both(**{"PUT /orgs/*/networks/*": 1}),
    "application": both(**{"PUT /orgs/*/services/*": 1}),
    "template": both(**{"PUT /orgs/*/gatewaytemplates/*": 1}),
    "steering": both(**{"PUT /orgs/*/gatewaytemplates/*": 1}),
    "reordered": both(**{"PUT /orgs/*/gatewaytemplates/*": 1}),
    "profile": both(**{"PUT /orgs/*/deviceprofiles/*": 1}),
    "new": (
        {"POST /orgs/*/networks": 1, "POST /orgs/*/services": 1, "PUT /orgs/*/gatewaytemplates/*": 1},
        {"DELETE /orgs/*/networks/*": 1, "DELETE /orgs/*/services/*": 1, "PUT /orgs/*/gatewaytemplates/*": 1},
    ),
    "replaced": both(**{"POST /orgs/*/vpns": 2, "DELETE /orgs/*/vpns/*": 2}),
    "node": both(**{"PUT /sites/*/devices/*/ha": 1, "PUT /orgs/*/inventory": 2}),
    "pair": (
        {"POST /orgs/*/inventory/create_ha_cluster": 1, "POST /orgs/*/sites": 1, PUT_SITE: 1, PUT_SETTING: 1},
        {DELETE_SITE: 1, DISSOLVE: 1},
    ),
    "hub": (
        {
            "POST /orgs/*/sites": 1, PUT_SETTING: 1, "PUT /orgs/*/inventory": 1,
            "POST /orgs/*/deviceprofiles/*/assign": 1, "POST /sites/*/devices/*/ha": 1,
        },
        {DELETE_SITE: 1, DISSOLVE: 1, "POST /orgs/*/deviceprofiles/*/unassign": 1},
    ),
}  # fmt: skip
SSR = {
    "variables": edits({DELETE: 2, **DOOR}, {DELETE: 2, **DOOR}),
    "network": edits(DOOR, DOOR),
    "application": edits({DELETE: 1, POST: 1}, {DELETE: 1, POST: 1}),
    "steering": edits(DOOR, DOOR),
    "new": edits(DOOR, {DELETE: 4}),
    "node": edits({PATCH: 1}, {PATCH: 1}),
    "pair": edits(DOOR, {DELETE: 3, **DOOR}),
    "hub": edits({POST: 1}, {DELETE: 1}),
}
SRX = {
    **dict.fromkeys(("network", "variables", "application", "steering", "new", "reordered"), (PRIVATE, PRIVATE)),
    "pair": ({"set-chassis-cluster-enable": 2, **PRIVATE}, {"set-chassis-cluster-disable": 2, **PRIVATE}),
}
WRITES: dict[str, dict[str, tuple[Writes, Writes]]] = {"mist": MIST, "ssr": SSR, "srx": SRX}
NEW = ({"create": 3, "update": 1, "order": 1}, {"update": 1, "order": 1, "delete": 3})
PLAIN = {"update": both(update=3), "new": NEW, "replaced": both(create=2), "reordered": both(update=1, order=1)}
COUNT = {"update": 3, "new": 4, "replaced": 2, "reordered": 1}
"""Documents that a change touches: each is confirmed by itself, where that is asked for."""
SET: Writes = {"set size": 2, "set also": 1, "update": 1}
MOVED: Writes = {"order": 1, "set text": 1, "set thing": 1}
MEMORY: dict[str, dict[str, tuple[Writes, Writes]]] = {
    "plain": PLAIN,
    "confirmed": {
        change: ({**there, "confirm": COUNT[change]}, {**back, "confirm": COUNT[change]})
        for change, (there, back) in PLAIN.items()
    },
    "bit by bit": {"update": both(**SET), "new": NEW, "replaced": both(create=2), "reordered": both(**MOVED)},
}
"""The same of the provider in memory, by what it declares."""
