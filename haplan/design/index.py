"""A design joined up: resources found by what refers to them, pairs with their site and what they carry, tunnels.

`Index` is made of `Resource` values, in which references stand by remote name: as they are recorded, as a stack wants
them, as a transaction leaves them (`haplan.design.resources`). That of a stack's blocks, for the rules, is
`haplan.design.rules.index`. Anything may be missing or odd in it. What one of a type is referred to is found by its
address, since in the middle of a run it may be called otherwise here than there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import attrs

from haplan.design.clusters import in_order
from haplan.design.substitution import substitute
from haplan.plugin import Tree, is_mapping

OWNERS = {"profile": "hub_profile", "template": "wan_edge_template"}
"""What a pair, a steering rule or a policy says its owner with → type of the owner."""
Plain = Mapping[str, Tree]
"""One interface as a backend reads it."""


class Joined(Protocol):
    """What an index is made of: blocks of a stack, or resources as a backend takes them."""

    @property
    def address(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def name(self) -> Any: ...
    @property
    def owner(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def values(self) -> Mapping[str, Tree]: ...


R = TypeVar("R", bound=Joined)


@attrs.frozen(kw_only=True)
class Resource:
    """One resource as a backend takes it.

    Attributes:
        address: Its address.
        type: Resource type.
        name: Remote name.
        values: Its attributes, without the name; references by remote name.
        owner: Address of its owner, or "".
        needs: Addresses of what it refers to.
    """

    address: str
    type: str
    name: str
    values: Mapping[str, Tree]
    owner: str = ""
    needs: tuple[str, ...] = ()


def faces(owner: Joined | None, *usages: str) -> dict[str, Plain]:
    """The interfaces of a template or profile by name, of these usages or all."""
    found = owner.values.get("interfaces") if owner is not None else None
    listed = found.items() if is_mapping(found) else ()
    return {str(name): face for name, face in listed
            if is_mapping(face) and (not usages or face.get("usage") in usages)}  # fmt: skip


@attrs.frozen(eq=False, kw_only=True)
class Pair(Generic[R]):
    """One cluster with what belongs to it.

    Attributes:
        index: The whole design.
        cluster: The cluster.
        owner: The template or profile it carries, or None where that is not known.
        site: Its site, or None.
    """

    index: "Index[R]"
    cluster: R
    owner: R | None
    site: R | None

    @property
    def hub(self) -> bool:
        """True for a hub."""
        return self.owner is not None and self.owner.type == "hub_profile"

    @cached_property
    def macs(self) -> list[str]:
        """MAC addresses of node0 and node1 as declared; [] if there are not two."""
        nodes = self.cluster.values.get("nodes")
        return in_order(list(nodes)) if is_mapping(nodes) else []

    @property
    def variables(self) -> Mapping[str, Tree] | None:
        """Of its site; None where that is not known."""
        return variables(self.site)

    def text(self, value: Tree, site: R | None = None) -> str | None:
        """A text with its site's variables put in, or another site's; None where that cannot be known."""
        return substitute(value, variables(site) if site is not None else self.variables)

    def faces(self, *usages: str) -> dict[str, Plain]:
        """The interfaces of what it carries."""
        return faces(self.owner, *usages)

    @property
    def steering(self) -> list[R]:
        """Its steering rules."""
        return self.index.parts("steering", self.owner)

    @property
    def policies(self) -> list[R]:
        """Its policies, in order."""
        return self.index.parts("policy", self.owner)

    @property
    def networks(self) -> list[R]:
        """The networks of its LANs."""
        return self.index.networks_behind(self.cluster)

    @property
    def tunnels(self) -> "list[Tunnel[R]]":
        """The tunnels that end here."""
        return self.index.tunnels_of(self.cluster)


@attrs.frozen(eq=False, kw_only=True)
class Tunnel(Generic[R]):
    """One tunnel of the overlay: from a WAN of a spoke to a WAN of a hub, each by its name."""

    spoke: R
    wan: str
    hub: R
    hub_wan: str
    endpoint: str
    overlay: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return str(self.spoke.name), self.wan, self.endpoint

    def peer(self, cluster: R) -> R:
        """The other end."""
        return self.hub if cluster.address == self.spoke.address else self.spoke


class Index(Generic[R]):
    """Resources of one provider, in the order of the design."""

    def __init__(self, resources: Iterable[R], orders: Mapping[str, Sequence[str]] | None = None) -> None:
        """Take the resources; `orders` has the names of an owner's policies, by its name, where they are known."""
        self.resources: dict[str, R] = {one.address: one for one in resources}
        self._orders = orders or {}
        self._by_type: dict[str, list[R]] = {}
        for one in self.resources.values():
            self._by_type.setdefault(one.type, []).append(one)
        self._named = {(one.type, str(one.name)): one for one in self.resources.values()}

    def of(self, type_name: str) -> list[R]:
        """The resources of a type."""
        return self._by_type.get(type_name, [])

    def named(self, type_name: str, name: Any) -> R | None:
        """A resource by its type and remote name."""
        return self._named.get((type_name, str(name))) if name else None

    def every(self, type_name: str, names: Iterable[Any] | None) -> list[R]:
        """Those of a type that are called so, each once."""
        found = (self.named(type_name, name) for name in dict.fromkeys(names or ()))
        return [one for one in found if one is not None]

    def referred(self, one: R, attribute: str, type_name: str) -> R | None:
        """What an attribute names: the only one of that type that it refers to, whatever it is called by now."""
        name = one.values.get(attribute)
        found = [self.resources[address] for address in one.needs if self._is(address, type_name)] if name else []
        return found[0] if len(found) == 1 else self.named(type_name, name)

    def _is(self, address: str, type_name: str) -> bool:
        return address in self.resources and self.resources[address].type == type_name

    def owner_of(self, one: R) -> R | None:
        """The template or profile that a cluster carries, or that a steering rule or policy lives in."""
        return next(self._owners(one), None)

    def _owners(self, one: R) -> Iterator[R]:
        """One; a stack that is wrong may say both."""
        said = [self.referred(one, attribute, kind) for attribute, kind in OWNERS.items()]
        found = [owner for owner in said if owner is not None]
        living = self.resources.get(one.owner) if not found else None
        return iter(found if living is None else [living])

    @cached_property
    def _owned(self) -> dict[tuple[str, str], list[R]]:
        """(address of an owner, type) → what carries it or lives in it."""
        found: dict[tuple[str, str], list[R]] = {}
        for kind in ("cluster", "steering", "policy"):
            for one in self.of(kind):
                for owner in self._owners(one):
                    found.setdefault((owner.address, kind), []).append(one)
        return found

    def parts(self, type_name: str, owner: R | None) -> list[R]:
        """Steering rules or policies of a template or profile, in order; or the clusters that carry it."""
        found = self._owned.get((owner.address, type_name), []) if owner is not None else []
        if type_name != "policy" or owner is None or not self._orders.get(str(owner.name)):
            return found
        place = {name: at for at, name in enumerate(self._orders[str(owner.name)])}
        return sorted(found, key=lambda one: place.get(str(one.name), len(place)))

    def part(self, type_name: str, owner: R | None, name: Any) -> R | None:
        """The steering rule or policy of an owner that is called so."""
        return next((one for one in self.parts(type_name, owner) if str(one.name) == str(name)), None)

    def pair(self, cluster: R) -> Pair[R]:
        """A cluster with what belongs to it."""
        site = self.referred(cluster, "site", "site")
        return Pair(index=self, cluster=cluster, owner=self.owner_of(cluster), site=site)

    def networks_behind(self, cluster: R) -> list[R]:
        """The networks of a cluster's LANs."""
        lans = faces(self.owner_of(cluster), "lan").values()
        return self.every("network", [name for lan in lans for name in lan.get("networks") or {}])

    # --- the overlay ---

    @cached_property
    def endpoints(self) -> Mapping[str, list[tuple[R, str]]]:
        """Endpoint of the overlay → the hub profile that has it, and the WAN."""
        found: dict[str, list[tuple[R, str]]] = {}
        for profile in self.of("hub_profile"):
            for name, wan in faces(profile, "wan").items():
                if wan.get("endpoint"):
                    found.setdefault(str(wan["endpoint"]), []).append((profile, name))
        return found

    def hubs_of(self, endpoint: str) -> list[tuple[R, str]]:
        """The clusters that have an endpoint, each with the name of the WAN."""
        ends = self.endpoints.get(endpoint, ())
        return [(cluster, wan) for profile, wan in ends for cluster in self.parts("cluster", profile)]

    @cached_property
    def tunnels(self) -> tuple[Tunnel[R], ...]:
        """Every tunnel of the design."""
        return tuple(tunnel for spoke in self.of("cluster") for tunnel in self._tunnels_from(spoke))

    def _tunnels_from(self, spoke: R) -> Iterator[Tunnel[R]]:
        owner = self.owner_of(spoke)
        if owner is None or owner.type == "hub_profile":
            return
        for wan, values in faces(owner, "wan").items():
            for endpoint, how in (values.get("overlay") or {}).items():
                for hub, hub_wan in self.hubs_of(endpoint)[:1]:
                    overlay = str((how or {}).get("overlay") or "")
                    yield Tunnel(
                        spoke=spoke, wan=wan, hub=hub, hub_wan=hub_wan, endpoint=endpoint, overlay=overlay
                    )  # fmt: skip

    @cached_property
    def _by_end(self) -> dict[str, list[Tunnel[R]]]:
        found: dict[str, list[Tunnel[R]]] = {}
        for tunnel in self.tunnels:
            found.setdefault(tunnel.spoke.address, []).append(tunnel)
            found.setdefault(tunnel.hub.address, []).append(tunnel)
        return found

    def tunnels_of(self, cluster: R) -> list[Tunnel[R]]:
        """The tunnels that end at a cluster."""
        return self._by_end.get(cluster.address, [])


def variables(site: Joined | None) -> Mapping[str, Tree] | None:
    """The variables of a site; None where there is no site."""
    found = site.values.get("variables") if site is not None else None
    return found if is_mapping(found) else None if site is None else {}
