"""The organisation as last read: whole lists, kept up to date by our own writes.

Lists return whole objects, up to 1000 in a call; a type has to be named or the cloud answers access points only
(Mist OpenAPI 2509.1.2).
"""

import math
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

import attrs

from haplan.plugin import Clock, ProviderError, Tree
from haplan_mist.client import Client
from haplan_mist.memo import NOTHING, Memo

Object = dict[str, Tree]

LISTS: Mapping[str, tuple[str, Mapping[str, Tree]]] = {
    "sites": ("sites", {}),
    "networks": ("networks", {}),
    "services": ("services", {}),
    "vpns": ("vpns", {}),
    "servicepolicies": ("servicepolicies", {}),
    "idpprofiles": ("idpprofiles", {}),
    "avprofiles": ("avprofiles", {}),
    "gatewaytemplates": ("gatewaytemplates", {}),
    "deviceprofiles": ("deviceprofiles", {"type": "gateway"}),
    "inventory": ("inventory", {"type": "gateway", "vc": True}),
    "stats": ("stats/devices", {"type": "gateway"}),
}
"""Lists by name: path below the organisation, and what has to be asked for."""
SEARCHES: Mapping[str, tuple[str, Mapping[str, Tree]]] = {
    "vpn_peers": ("stats/vpn_peers/search", {}),
    "bgp_peers": ("stats/bgp_peers/search", {}),
    "tunnels": ("stats/tunnels/search", {"type": "wan"}),
    "alarms": ("alarms/search", {"status": "open"}),
}
"""Searches that are kept as lists are; their rows have no id of their own."""
TITLES = {
    "sites": "site", "networks": "network", "services": "application", "vpns": "overlay",
    "gatewaytemplates": "WAN edge template", "deviceprofiles": "hub profile",
}  # fmt: skip
_BY_MAC = frozenset({"inventory", "stats"})


class Known(Protocol):
    """Lists that were read; nothing of it makes a call."""

    @property
    def memo(self) -> Memo:
        """What was worked out of the lists."""
        ...

    def known(self, kind: str) -> Mapping[str, Object]:
        """A list, or an empty one if it was not read."""
        ...

    def name_of(self, kind: str, id_: str | None) -> str:
        """Name of what an id stands for; "" if it is not there."""
        ...

    def overlay_of(self, endpoint: str) -> str:
        """Name of the overlay that has this endpoint; "" if none or several have it."""
        ...


@attrs.frozen(eq=False)
class Lists:
    """The look of a reading: the lists as they were then.

    Attributes:
        lists: By name.
        recalled: True if they were made of what is recorded: what is not in them may be there all the same.
        memo: See `Known`.
    """

    lists: Mapping[str, Mapping[str, Object]]
    recalled: bool = False
    memo: Memo = attrs.field(factory=Memo, repr=False)

    def known(self, kind: str) -> Mapping[str, Object]:
        """See `Known`."""
        return self.lists.get(kind, NOTHING)

    def name_of(self, kind: str, id_: str | None) -> str:
        """See `Known`."""
        return str((self.known(kind).get(id_ or "") or {}).get("name") or "")

    def overlay_of(self, endpoint: str) -> str:
        """See `Known`."""
        found = [str(vpn.get("name")) for vpn in self.known("vpns").values() if endpoint in (vpn.get("paths") or {})]
        return found[0] if len(found) == 1 else ""


class Estate:
    """Lists of one organisation.

    Attributes:
        own: The names that the audit log may give haplan's own token, as far as they are known.
        memo: See `Known`.

    Threads: any. Whoever changes a list takes the lock and puts another in its place: one that somebody was given, or
    an object in it, never changes under their hands.
    """

    def __init__(self, client: Client, clock: Clock, tell: Callable[[str], None] = lambda line: None) -> None:
        self.client, self.tell = client, tell
        self.id = client.access.org_id
        self.own: frozenset[str] = frozenset()
        self.memo = Memo()
        self.lock = threading.RLock()
        self._clock = clock
        self._lists: dict[str, dict[str, Object]] = {}
        self._read_at: dict[str, float] = {}
        self._settings: dict[str, tuple[float, Object]] = {}

    def path(self, rest: str) -> str:
        """A path below the organisation."""
        return f"/orgs/{self.id}/{rest}"

    # --- lists ---

    def items(self, kind: str, max_age: float = math.inf) -> dict[str, Object]:
        """A whole list by id (devices: by MAC), read again if it is older than `max_age` seconds."""
        with self.lock:
            at = self._read_at.get(kind, -math.inf)
            if at == -math.inf or (max_age != math.inf and at < self._clock.now() - max_age):
                self._lists[kind] = self._searched(kind) if kind in SEARCHES else self._listed(kind)
                self._read_at[kind] = self._clock.now()
            return self._lists[kind]

    def _listed(self, kind: str) -> dict[str, Object]:
        path, params = LISTS[kind]
        found = self.client.all(self.path(path), what=f"the list of {kind}", **params)
        key = "mac" if kind in _BY_MAC else "id"
        return {str(item[key]): item for item in found if item.get(key)}

    def _searched(self, kind: str) -> dict[str, Object]:
        path, params = SEARCHES[kind]
        pages = self.client.search(self.path(path), what=f"the list of {kind}", **params)
        rows = (row for page in pages for row in page.get("results") or ())
        return {str(number): row for number, row in enumerate(rows)}

    def known(self, kind: str) -> Mapping[str, Object]:
        """A list if it was read before; never a call."""
        return self._lists.get(kind, NOTHING)

    def look(self) -> Lists:
        """The lists as they are now; ``settings`` has those of the sites that were read, by the site's id."""
        with self.lock:
            settings = {id_: setting for id_, (_, setting) in self._settings.items()}
            return Lists({**self._lists, "settings": settings})

    def outdate(self, kinds: Iterable[str]) -> None:
        """The next look at these lists reads them again."""
        with self.lock:
            for kind in kinds:
                self._read_at[kind] = -math.inf
            if "settings" in kinds:
                self._settings.clear()

    def fresh(self, kind: str, max_age: float) -> dict[str, Object]:
        """As `items`, where 0 stands for a list that was outdated before."""
        return self.items(kind, max_age if max_age > 0 else 1e9)

    def find(self, kind: str, id_: str, name: str) -> tuple[Object | None, bool]:
        """An object by id, else by name, also by one that a person gave for an id; and whether the name found it.

        Raises:
            ProviderError: Several objects have this name.
        """
        items = self.items(kind)
        if id_ and id_ in items:
            return items[id_], False
        # a person may have given a name for an id
        called = [item for item in items.values() if id_ and item.get("name") == id_]
        named = called or [item for item in items.values() if item.get("name") == name and name]
        if len(named) > 1:
            ids, name = ", ".join(sorted(str(item["id"]) for item in named)), str(named[0]["name"])
            raise ProviderError(
                f'{TITLES[kind]} "{name}" is there {len(named)} times (ids {ids}): rename or delete all but one'
            )
        return (named[0], True) if named else (None, False)

    def name_of(self, kind: str, id_: str | None) -> str:
        """Name of what an id stands for; "" if it is not there."""
        return Lists(self._lists).name_of(kind, id_)

    def overlay_of(self, endpoint: str) -> str:
        """Name of the overlay that has this endpoint, from what was read; "" if none or several have it."""
        return Lists(self._lists).overlay_of(endpoint)

    def named_beside(self, kind: str, name: str, others: Collection[str], max_age: float = math.inf) -> Object | None:
        """An object of this name that is none of these ids."""
        items = self.items(kind, max_age)
        return next((item for id_, item in items.items() if item.get("name") == name and id_ not in others), None)

    def keep(self, kind: str, item: Object) -> None:
        """Our own write: the list is as the cloud answered."""
        with self.lock:
            if kind in self._lists:
                self._lists[kind] = {**self._lists[kind], str(item["id"]): item}

    def drop(self, kind: str, id_: str) -> None:
        """Our own delete."""
        with self.lock:
            if kind in self._lists:
                self._lists[kind] = {one: item for one, item in self._lists[kind].items() if one != id_}
            self._settings.pop(id_, None)

    def change_device(self, mac: str, **fields: Any) -> None:
        """Our own write to a device's inventory record."""
        with self.lock:
            records = self._lists.get("inventory", {})
            if mac in records:
                self._lists["inventory"] = {**records, mac: {**records[mac], **fields}}

    def note(self, kind: str, items: dict[str, Object]) -> None:
        """What was found out beside the lists, by id: it is part of the look."""
        with self.lock:
            self._lists[kind] = items

    def devices_at(self, site_id: str) -> list[Object]:
        """The gateways of a site with what is set on each itself."""
        what = f'the devices of site "{self.name_of("sites", site_id) or site_id}"'
        return self.client.all(f"/sites/{site_id}/devices", what=what, type="gateway")

    # --- settings ---

    def look_at_setting(self) -> None:
        """Read the setting of the organisation; it is in the look as the one of the list ``org_setting``."""
        found: Object = self.client.get(self.path("setting"), what="the setting of the organisation")
        self.note("org_setting", {self.id: found})

    def setting(self, site_id: str, max_age: float = math.inf) -> Object:
        """The setting of one site."""
        with self.lock:
            at, found = self._settings.get(site_id, (-math.inf, {}))
        if at >= self._clock.now() - max_age:
            return found
        what = f'the setting of site "{self.name_of("sites", site_id) or site_id}"'
        read: Object = self.client.get(f"/sites/{site_id}/setting", what=what)
        self.keep_setting(site_id, read)
        return read

    def known_setting(self, site_id: str) -> Mapping[str, Tree] | None:
        """The setting of a site if it was read before."""
        found = self._settings.get(site_id)
        return None if found is None else found[1]

    def keep_setting(self, site_id: str, setting: Object) -> None:
        """What the cloud answered about a site's setting."""
        with self.lock:
            self._settings[site_id] = (self._clock.now(), setting)
