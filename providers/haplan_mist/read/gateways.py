"""Templates and hub profiles, and the steering and policies that live in them."""

from collections.abc import Iterable, Mapping
from typing import Any

from haplan.plugin import Document, Seen, Target, Tree, decode
from haplan.plugin import FieldPath as Path
from haplan_mist.estate import Estate, Object
from haplan_mist.private import Private
from haplan_mist.translate import endpoints, entries, gateway, others
from haplan_mist.translate.documents import KIND, PREFIXES, of_existing

_OWNERS = {"hub_profile": "profile", "wan_edge_template": "template"}


class Gateways:
    """Owners' documents, each translated once for all its rules.

    Threads: one; made for one read.
    """

    def __init__(self, estate: Estate, targets: Iterable[Target]) -> None:
        self._estate = estate
        self._targets = tuple(targets)
        self._owners = {target.address: target for target in self._targets if target.type in _OWNERS}
        live = (str(vpn.get("name")) for vpn in estate.known("vpns").values())
        self._overlays = frozenset((*_overlays([t.values for t in self._targets]), *live))
        self._documents: dict[Document, Object] = {}
        self._policies: dict[str, dict[str, Object]] = {}

    # --- owners ---

    def owner(self, target: Target) -> Seen | None:
        """A template or profile."""
        wire, by_name = self._estate.find(KIND[target.type], target.id, target.name)
        if wire is None:
            return None
        for name in {target.name, str(target.values.get("name") or target.name)}:
            # while it is being renamed, its lists are asked for by the new name
            self._documents[Document(PREFIXES[target.type], name)] = wire
        recorded = decode(target.row.values) if target.row else {}
        hints = gateway.hints_of(recorded.get("interfaces"), target.values.get("interfaces"))
        values = gateway.gateway_values(
            wire, hints, self._overlays, overlay=str(target.values.get("overlay") or ""),
            profile=target.type == "hub_profile",
        )  # fmt: skip
        if of_existing(target.needs):
            self._without_lost_paths(values)
        values["name"] = wire.get("name") or ""
        if "unowned" in target.values:
            values["unowned"] = self._strangers(target, wire)
        return Seen(
            address=target.address, id=str(wire["id"]), values=values, private=Private(name=values["name"]).plain(),
            when=float(wire.get("modified_time") or 0), found_by_name=by_name,
        )  # fmt: skip

    def _without_lost_paths(self, values: dict[str, Tree]) -> None:
        """Of a hub in an overlay of others: an endpoint that the overlay does not have is none."""
        vpns = [vpn for vpn in self._estate.known("vpns").values() if vpn.get("name") == values.get("overlay")]
        for face in values["interfaces"].values() if vpns else ():
            if face.get("endpoint") not in (vpns[0].get("paths") or {}):
                face.pop("endpoint", None)

    # --- rules ---

    def rule(self, target: Target) -> Seen | None:
        """A steering rule or a policy, in the document of the owner that was recorded, else of the wanted one."""
        kind, values = self._home(target)
        document = self._document(target, kind, values)
        if document is None:
            return None
        find = self._steering if target.type == "steering" else self._policy
        name = next((n for n in (target.id, target.name) if n and find(document, n) is not None), "")
        if not name:
            return None
        found = find(document, name) or {}
        recorded = decode(target.row.values) if target.row else {}
        hint = (*(target.values.get("paths") or ()), *(recorded.get("paths") or ()))
        live = (gateway.steering_values(found, self._overlays, hint) if target.type == "steering"
                else gateway.policy_values(found))  # fmt: skip
        owner = "profile" if kind == "hub_profile" else "template"
        if target.type == "steering":
            live = endpoints.as_named(live, target.values, self._estate.overlay_of)
        live |= {"name": name, owner: values.get(owner) or target.owner_name}
        return Seen(
            address=target.address, id=name, values=live,
            private=Private(name=name, document_id=str(document["id"])).plain(),
            when=float(document.get("modified_time") or 0), found_by_name=not target.id,
        )  # fmt: skip

    def _home(self, target: Target) -> tuple[str, Mapping[str, Tree]]:
        recorded = decode(target.row.values) if target.row is not None else {}
        values = recorded if recorded.get("template") or recorded.get("profile") else target.values
        return ("hub_profile" if values.get("profile") else "wan_edge_template"), values

    def _document(self, target: Target, kind: str, values: Mapping[str, Tree]) -> Object | None:
        name = str(values.get("profile") or values.get("template") or target.owner_name)
        id_ = ""
        owner = self._owners.get(target.row.owner if target.row else target.owner)
        if owner is not None and owner.type == kind:
            id_, name = owner.id, name or owner.name
        found, _ = self._estate.find(KIND[kind], id_, name)
        if found is not None:
            self._documents.setdefault(Document(PREFIXES[kind], name), found)
        return found

    def _steering(self, document: Object, name: str) -> Object | None:
        found: Object | None = (document.get("path_preferences") or {}).get(name)
        return found

    def _policy(self, document: Object, name: str) -> Object | None:
        id_ = str(document["id"])
        if id_ not in self._policies:
            listed = document.get("service_policies") or []
            self._policies[id_] = dict(zip(gateway.policy_names(listed), listed, strict=True))
        return self._policies[id_].get(name)

    # --- whole documents ---

    def orders(self) -> dict[tuple[Document, str], tuple[str, ...]]:
        """The sequence of policies of every document that was looked at."""
        return {
            (document, kind): tuple(gateway.policy_names(wire.get("service_policies") or ()))
            for document, wire in self._documents.items()
            for kind in ("service_policies", "policy")
        }

    def unowned(self) -> dict[Document, tuple[str, ...]]:
        """Entries of these documents that nothing of the stack stands for."""
        lines: dict[Document, tuple[str, ...]] = {}
        for target in self._owners.values():
            document = Document(PREFIXES[target.type], target.name)
            wire = self._documents.get(document)
            if wire is not None and not target.data:
                sides = (target.values, decode(target.row.values) if target.row else {})
                words = [*self._strangers(target, wire), *others.words(wire, *sides)]
                if words:
                    lines[document] = tuple(f"{target.name}: {self._told(word)} is not in the stack" for word in words)
        return lines

    def _told(self, word: str) -> str:
        """An entry in the words of a person: a policy of the organisation by its name."""
        kind, _, id_ = word.rpartition(" ")
        name = self._estate.name_of("servicepolicies", id_) if kind.endswith("org policy") else ""
        return f'organisation policy "{name}"' if name else word

    def _strangers(self, target: Target, wire: Object) -> list[str]:
        """What is in the document of an owner, and neither the owner's nor of what lives in it."""
        sides = (target.values, decode(target.row.values) if target.row else {})
        held = {*target.holds, *((t.type, n) for t in self._targets if t.owner == target.address
                                 for n in (t.id, t.name))}  # fmt: skip
        overlay_of = self._estate.overlay_of
        known = {word for side in sides for word in entries.words_of(endpoints.completed(side, overlay_of))}
        return entries.strangers(wire, {*known, *(f"{type_} {name}" for type_, name in held)})


def without_passwords(values: dict[str, Tree]) -> None:
    """No secret leaves the provider; what is told of it is a fingerprint."""
    for interface in values.get("interfaces", {}).values():
        address = interface.get("address") or {}
        if isinstance(address.get("password"), str):
            del address["password"]


def _overlays(trees: Iterable[Any], at: Path = ()) -> Iterable[str]:
    """Overlays that the stack names, so that dots in their names do no harm."""
    for tree in trees:
        if isinstance(tree, Mapping):
            name = tree.get("overlay")
            if isinstance(name, str) and name:
                yield name
            yield from _overlays(tree.values(), at)
        elif isinstance(tree, list | tuple):
            yield from _overlays(tree, at)
