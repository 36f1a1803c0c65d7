"""What a transaction is written with: three verbs, a journal, look-up after unclear answers, and lists that stay true.

Creating answers 200 and is not idempotent; names are not unique to the cloud, so an unclear answer is followed by a
look for the name. A PUT carries only top-level keys that change (Mist OpenAPI 2509.1.2; terraform-provider-mist).
"""

from collections.abc import Callable, Mapping, Sequence

import attrs

from haplan.kit.calls import ApiError, Lost, looking, send_and_look
from haplan.plugin import Action, Io, Part, ProviderError, Reason, Secret, Task, Tree, Written, transform
from haplan_mist.estate import TITLES, Estate, Object
from haplan_mist.private import Private
from haplan_mist.translate import endpoints, merge
from haplan_mist.translate.documents import GOING, KIND, Piece, old_name
from haplan_mist.translate.merge import Wire
from haplan_mist.write.steps import Step

FRESH = 60.0
"""Seconds that a list may be old to say that a name is free."""


CONFIGURATION = (
    "port_config",
    "ip_configs",
    "path_preferences",
    "service_policies",
    "gatewaytemplate_id",
    "subnet",
    "specs",
    "paths",
)
"""What is sent again when a device did not take it."""


@attrs.frozen
class Sent:
    """What came of a document.

    Attributes:
        written: For the engine.
        keys: Top-level keys that were sent; empty if nothing was.
        id: The document's id, or "".
    """

    written: Written
    keys: frozenset[str] = frozenset()
    id: str = ""


@attrs.frozen(kw_only=True)
class Writer:
    """What a transaction is written with.

    Attributes:
        estate: The lists.
        secret: Gives the secret behind a source.
        io: Whom to tell.
        again: Devices that did not take what an earlier run wrote: it is sent once more, changed or not.
        deposed: Ids of old selves that this transaction deletes: until then they have the name of their successor.
    """

    estate: Estate
    secret: Callable[[str], str]
    io: Io
    again: frozenset[str] = frozenset()
    deposed: frozenset[str] = frozenset()

    def plain(self, values: Mapping[str, Tree] | None) -> dict[str, Tree]:
        """Values with the secrets themselves, for the wire."""
        found = transform(values or {}, lambda leaf: self.secret(leaf.source) if isinstance(leaf, Secret) else leaf)
        return dict(found)

    def complete(self, values: Mapping[str, Tree], address: str) -> dict[str, Tree]:
        """Values with the overlay of every endpoint.

        Raises:
            ProviderError: No overlay has such an endpoint, or several do.
        """
        bare = {endpoint for _, endpoint in endpoints.lacking(values)}
        if bare:
            self.estate.items("vpns", FRESH)
        for endpoint in sorted(bare):
            if not self.estate.overlay_of(endpoint):
                raise ProviderError(f"{address}: no overlay, or more than one, has an endpoint {endpoint} (HA072)")
        return endpoints.completed(values, self.estate.overlay_of)

    def path(self, kind: str, id_: str = "") -> str:
        """The path of a list, or of one object in it."""
        if kind == "sites" and id_:
            return f"/sites/{id_}"
        return self.estate.path(f"{kind}/{id_}" if id_ else kind)

    # --- the three verbs ---

    def create(self, kind: str, body: Wire, address: str, *, beside: str = "") -> Object:
        """POST; `beside` is the id of an object that may have this name, as what is deposed may."""
        estate, name = self.estate, str(body["name"])
        others = sorted({*self.deposed, beside} - {""})
        there = estate.named_beside(kind, name, others, FRESH)
        if there is not None:
            raise ProviderError(
                f'{address}: {TITLES[kind]} "{name}" is there since the plan was made (id {there["id"]}); plan again'
            )
        key = {"kind": kind, "name": name, **({"beside": others if others[1:] else others[0]} if others else {})}
        for last in (False, True):
            self.io.about_to(Step.CREATE, address, key)
            try:
                made: Object = estate.client.post(self.path(kind), body, what=address)
            except Lost as lost:
                estate.outdate([kind])
                with looking(lost):
                    found = estate.named_beside(kind, name, others)
                if found is None and last:
                    raise
                if found is None:
                    continue
                made = found
            estate.keep(kind, made)
            return made
        raise AssertionError("unreachable")

    def now(self, kind: str, live: Object, address: str) -> Object | None:
        """An object as it is this moment, or None: a map is replaced whole, and others write into it too."""
        found = self._there(self.path(kind, str(live["id"])), address)
        if found is None:
            self.estate.drop(kind, str(live["id"]))
        else:
            self.estate.keep(kind, found)
        return found

    def update(
        self, kind: str, live: Object, wanted: Wire, address: str, entering: Sequence[str] = ()
    ) -> tuple[Object, frozenset[str]]:
        """PUT of what changes; no call if nothing does. What is `entering` is announced with it, word by word."""
        body = merge.body(live, wanted)
        if not body and self.again:
            body = {key: wanted[key] for key in CONFIGURATION if wanted.get(key)}
        if not body:
            return live, frozenset()
        id_ = str(live["id"])
        key = {"kind": kind, "id": id_, "name": str(wanted["name"]), **({"entering": [*entering]} if entering else {})}
        self.io.about_to(Step.UPDATE, address, key, idempotent=True)
        try:
            answer = self.put(self.path(kind, id_), body, address)
        except ApiError as error:
            if error.status == 404:
                self.estate.outdate([kind])
                raise ProviderError(f"{address}: is gone ({error.detail}); plan again") from None
            raise
        made: Object = answer if isinstance(answer, dict) and answer.get("id") else merge.applied(live, body)
        self.estate.keep(kind, made)
        return made, frozenset(key.removeprefix("-") for key in body)

    def delete(self, kind: str, id_: str, address: str, step: Step = Step.DELETE) -> None:
        """DELETE; what is gone already is fine."""
        if not id_:
            return
        self.io.about_to(step, address, {"kind": kind, "id": id_}, idempotent=True)
        path = self.path(kind, id_)
        try:
            self.estate.client.delete(path, what=address)
        except Lost as lost:
            with looking(lost):
                stays = self._there(path, address) is not None
            if stays:
                raise
        self.estate.drop(kind, id_)

    def put(self, path: str, body: Wire, address: str) -> Tree:
        """PUT; what runs as it was sent counts as answered."""

        def came() -> Object | None:
            found = self._there(path, address)
            return found if found is not None and not merge.body(found, merge.applied(found, body)) else None

        return send_and_look(lambda: self.estate.client.put(path, body, what=address), came)

    def _there(self, path: str, address: str) -> Object | None:
        """An object as it is this moment, or None."""
        try:
            found: Object = self.estate.client.get(path, what=address)
        except ApiError as error:
            if error.status != 404:
                raise
            return None
        return found


def extras(part: Part, writer: Writer) -> tuple[Mapping[str, Tree], Mapping[str, Tree]]:
    """Vendor keys before and after; those after with the secrets themselves."""
    before = (part.change.before or {}).get("extra") or {}
    after = part.change.after or {}
    return before, writer.plain(after.get("extra", part.change.extra) or {})


def main_part(task: Task) -> Part | None:
    """The part whose own document this is."""
    return next((part for part in task.parts if part.change.type in KIND), None)


def resumes(task: Task) -> bool:
    """True if this goes on with what an earlier run did not bring to its end."""
    return any(
        part.change.reason in (Reason.RESUMED, Reason.SENT_AGAIN)
        or (part.row is not None and part.row.status not in ("", "ok"))
        for part in task.parts
    )


def going(part: Part) -> bool:
    """True if this part takes something away."""
    return part.change.action in GOING or part.placement.part == Piece.RETIRE


def live_of(part: Part, kind: str, writer: Writer) -> Object | None:
    """The object to update; None if it is to be created."""
    change = part.change
    if change.action is Action.CREATE and part.seen is None:
        return None
    id_ = part.seen.id if part.seen is not None else change.id or (part.row.id if part.row else "")
    return writer.estate.find(kind, id_, old_name(change))[0]


def identified(address: str, made: Object) -> Written:
    """What the engine learns of an object."""
    id_ = str(made["id"])
    private = Private(name=str(made.get("name") or ""))
    return Written(ids={address: id_}, values={address: {"id": id_}}, private={address: private.plain()})


def joined(one: Written, other: Written) -> Written:
    return Written(
        ids={**one.ids, **other.ids}, values={**one.values, **other.values}, private={**one.private, **other.private}
    )
