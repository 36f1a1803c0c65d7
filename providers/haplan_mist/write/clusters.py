"""Pairs: formed, taken over, one node replaced, dissolved.

Two ways (Mist OpenAPI 2509.1.2): `create_ha_cluster` takes two unassigned devices and assigns them as well; the site's
`/ha` takes two devices of the site, which a hub needs, because its profile is assigned in between. The caller's order
decides who is node0, so nodes go sorted by MAC. Every step is skipped that is done already: a run that died resumes.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import attrs

from haplan.design.clusters import refreshes
from haplan.kit.calls import ApiError, Lost, looking, send_and_look
from haplan.plugin import Action, Part, ProviderError, Task, Tree, Written
from haplan_mist.private import Private
from haplan_mist.read import overrides
from haplan_mist.read.devices import Boxes, device_id
from haplan_mist.translate.documents import GOING
from haplan_mist.translate.merge import Wire
from haplan_mist.write.inventory import assign_profile, change_inventory, unassign
from haplan_mist.write.own import set_own
from haplan_mist.write.steps import Step
from haplan_mist.write.writer import FRESH, Sent, Writer

ALREADY = "already belong to a ha cluster"
NO_CLUSTER = ("not a ha cluster", "resource not found")


def node_order(macs: Sequence[str] | Mapping[str, Tree]) -> list[str]:
    """MACs as they become node0 and node1: lowest first."""
    return sorted(macs, key=lambda mac: int(mac, 16))


def write_cluster(task: Task, writer: Writer) -> Sent:
    """One pair, brought to what it is to be."""
    part = task.parts[0]
    if part.change.action in GOING:
        return _dissolved(part, writer)
    pairing = _Pairing(part, writer)
    if part.change.action is Action.REPLACE:
        if refreshes(part.change.before, part.change.after):
            _refuse_unready(pairing)
        _dissolved(part, writer)
    return pairing.carry_out()


def _devices(writer: Writer, max_age: float = FRESH) -> Boxes:
    estate = writer.estate
    return Boxes(estate.items("inventory", max_age), estate.known("stats"))


@attrs.define
class _Pairing:
    """The steps towards one pair.

    Threads: one; made for one write.
    """

    part: Part
    writer: Writer
    done: list[Step] = attrs.field(factory=list)
    own: tuple[str, ...] | None = None

    @property
    def address(self) -> str:
        return self.part.change.address

    @property
    def after(self) -> Mapping[str, Tree]:
        return self.part.change.after or {}

    def carry_out(self) -> Sent:
        """Do what is not done yet."""
        want = node_order(self.after.get("nodes") or {})
        site_id = self.site_id()
        devices = _devices(self.writer)
        self._known(devices, want)
        pair = devices.pair_of(want[0]) or devices.pair_of(want[1])
        if not pair:
            self._form(devices, want, site_id)
            pair = tuple(want)
        elif set(pair) != set(want):
            pair = self._replace(devices, pair, want, site_id)
        else:
            self._bring(devices, pair, site_id)
            if self.writer.again & set(pair):
                # it formed, its configuration did not hold: assigning it anew pushes once more
                self._assign([pair[0]], site_id)
                self.done.append(Step.PUSH_AGAIN)
        self._profile(_devices(self.writer), pair[0])
        told = set_own(self.part, self.writer, pair, site_id)
        self.own = self.own if told is None else told.beside
        self.done += [Step.DEVICE] if told is not None and told.sent else []
        strays = _stray_home(self, site_id)
        head = pair[0]
        private = Private(nodes=tuple(pair), site_id=site_id, overrides=self.own, strays=strays)
        if self.part.change.action is Action.REPLACE:
            # the site keeps its template while the pair is formed anew
            planned = Private.of(self.part.change.private)
            private = attrs.evolve(private, noted=planned.noted, prior_template=planned.prior_template)
        written = Written(ids={self.address: device_id(head)}, values={self.address: {"id": device_id(head)}},
                          private={self.address: private.plain()})  # fmt: skip
        return Sent(written, frozenset(self.done), device_id(head))

    # --- what must hold ---

    def site_id(self) -> str:
        site, _ = self.writer.estate.find("sites", "", str(self.after.get("site")))
        if site is None:
            raise ProviderError(f'{self.address}: site "{self.after.get("site")}" is not there; plan again')
        return str(site["id"])

    def _known(self, devices: Boxes, want: Sequence[str]) -> None:
        if len(want) != 2:
            raise ProviderError(f"{self.address}: a pair has exactly two nodes, found {len(want)}")
        before = set((self.part.change.before or {}).get("nodes") or {})
        if self.part.change.action is Action.UPDATE and len(before) == 2 and not before & set(want):
            raise ProviderError(
                f"{self.address}: both nodes would change at once, and nobody asked for that with --replace (HA135)"
            )
        for mac in want:
            if mac not in devices.records:
                raise ProviderError(
                    f"{self.address}: {mac} is not in the organisation's inventory; claim it first, then apply again"
                )

    def name_of(self, site_id: str) -> str:
        return self.writer.estate.name_of("sites", site_id) or site_id

    # --- the ways to a pair ---

    def _form(self, devices: Boxes, want: Sequence[str], site_id: str) -> None:
        sites = {mac: devices.site_id(mac) for mac in want}
        elsewhere = [mac for mac in want if sites[mac] not in ("", site_id)]
        if elsewhere:
            raise ProviderError(
                f"{self.address}: {elsewhere[0]} is assigned to site {self.name_of(sites[elsewhere[0]])}; "
                "unassign it first, then apply again"
            )
        if not self.after.get("profile") and not any(sites.values()):
            self.own = self._set_on(want[0], "")
            self._form_from_inventory(want, site_id)
            return
        self.own = self._set_on(want[0], site_id if sites[want[0]] else "")
        self._assign([mac for mac in want if not sites[mac]], site_id)
        self._profile(_devices(self.writer), want[0])
        path = f"/sites/{site_id}/devices/{device_id(want[0])}/ha"
        self._create(path, {"nodes": [{"mac": mac} for mac in want]}, want, site_id)

    def _set_on(self, head: str, site_id: str) -> tuple[str, ...]:
        """What is set on node0 itself, which the pair has too; a box without a site has nothing of its own."""
        return tuple(overrides.read(self.writer.estate, {head: site_id})[head]) if site_id else ()

    def _form_from_inventory(self, want: Sequence[str], site_id: str) -> None:
        body: Wire = {"nodes": [{"mac": mac} for mac in want], "site_id": site_id, **_management(self, want)}
        self._create(self.writer.estate.path("inventory/create_ha_cluster"), body, want, site_id)

    def _create(self, path: str, body: Wire, want: Sequence[str], site_id: str) -> None:
        for last in (False, True):
            self.writer.io.about_to(Step.FORM, self.address, {"macs": list(want), "site_id": site_id})
            try:
                self.writer.estate.client.post(path, body, what=self.address)
            except Lost as lost:
                with looking(lost):
                    paired = self._paired(want)
                if not paired:
                    if last:
                        raise
                    continue
            except ApiError as error:
                if ALREADY not in error.detail or not self._paired(want):
                    raise _refused(self, error, "forming the pair") from None
            break
        for mac in want:
            self.writer.estate.change_device(mac, vc_mac=want[0], site_id=site_id)
        self.done.append(Step.FORM)

    def _paired(self, want: Sequence[str]) -> bool:
        """Look again: is this the pair already?"""
        self.writer.estate.outdate(["inventory"])
        return set(_devices(self.writer).pair_of(want[0])) == set(want)

    def _bring(self, devices: Boxes, pair: Sequence[str], site_id: str) -> None:
        """An existing pair is never formed again; one without a site gets it."""
        there = devices.site_id(pair[0])
        if there and there != site_id:
            raise ProviderError(
                f"{self.address}: its pair is at site {self.name_of(there)}, not at {self.name_of(site_id)}; "
                "moving it is an outage: dissolve it first, or mend site="
            )
        if not there:
            self._assign([pair[0]], site_id)
            self.writer.estate.change_device(pair[1], site_id=site_id)

    def _assign(self, macs: Sequence[str], site_id: str) -> None:
        if not macs:
            return
        body: Wire = {"op": "assign", "macs": list(macs), "site_id": site_id, "no_reassign": True}
        change_inventory(self.writer, body | _management(self, macs), self.address, Step.ASSIGN)
        for mac in macs:
            self.writer.estate.change_device(mac, site_id=site_id)
        self.done.append(Step.ASSIGN)

    def _profile(self, devices: Boxes, head: str) -> None:
        name = self.after.get("profile")
        if not name:
            return
        profile, _ = self.writer.estate.find("deviceprofiles", "", str(name))
        if profile is None:
            raise ProviderError(f'{self.address}: hub profile "{name}" is not there; plan again')
        if devices.profile_id(head) != profile["id"]:
            assign_profile(self.writer, str(profile["id"]), [head], self.address)
            self.done.append(Step.PROFILE)

    # --- one node replaced ---

    def _replace(self, devices: Boxes, pair: Sequence[str], want: Sequence[str], site_id: str) -> tuple[str, ...]:
        kept = [mac for mac in pair if mac in want]
        ours = set(pair) == set((self.part.seen.values.get("nodes") if self.part.seen else None) or ())
        if not ours or len(kept) != 1:
            stranger = next(mac for mac in want if devices.pair_of(mac))
            raise ProviderError(
                f"{self.address}: {stranger} is a member of the pair {', '.join(pair)}; dissolve that first (HA141)"
            )
        new = next(mac for mac in want if mac not in pair)
        gone = next(mac for mac in pair if mac not in want)
        _refuse_unfit(self, devices, kept[0], new, site_id)
        if not devices.site_id(new):
            self._assign([new], site_id)
        # the survivor keeps its place, whatever the MACs (HA138): exactly one node may change
        nodes = tuple(new if mac == gone else mac for mac in pair)
        self._put(pair, nodes, site_id)
        self.writer.estate.outdate(["inventory"])
        unassign(self.writer, [gone] if _devices(self.writer).site_id(gone) else [], self.address)
        self.done.append(Step.REPLACE_NODE)
        return nodes

    def _put(self, pair: Sequence[str], nodes: Sequence[str], site_id: str) -> None:
        key = {"macs": list(nodes), "site_id": site_id}
        self.writer.io.about_to(Step.REPLACE_NODE, self.address, key, idempotent=True)
        body, path = {"nodes": [{"mac": mac} for mac in nodes]}, f"/sites/{site_id}/devices/{device_id(pair[0])}/ha"
        put = partial(self.writer.estate.client.put, path, body, what=self.address)
        try:
            send_and_look(put, lambda: {} if self._paired(nodes) else None)
        except ApiError as error:
            if error.lost or not self._paired(nodes):
                raise _refused(self, error, "replacing a node") from None


def _management(pairing: _Pairing, macs: Sequence[str]) -> Wire:
    """Whether the cloud writes the configuration: said where it is not so by itself."""
    if pairing.after.get("managed") is False:
        return {"managed": False, "disable_auto_config": True}
    records = pairing.writer.estate.known("inventory")
    return {"managed": True} if any(records[mac].get("adopted") for mac in macs) else {}


def _stray_home(pairing: _Pairing, site_id: str) -> tuple[str, ...] | None:
    """What runs that died left at the site goes back to the inventory; None if nobody spoke of such boxes."""
    part, writer = pairing.part, pairing.writer
    strays = Private.of(part.change.private, part.seen.private if part.seen is not None else {}).strays
    if strays is None:
        return None
    devices = _devices(writer)
    there = [mac for mac in strays if devices.site_id(mac) == site_id and not devices.pair_of(mac)]
    unassign(writer, there, pairing.address)
    return ()


def _refuse_unfit(pairing: _Pairing, devices: Boxes, kept: str, new: str, site_id: str) -> None:
    """Refuse a box that cannot come to the one that stays."""
    model, other = devices.records[new].get("model"), devices.records[kept].get("model")
    if model != other:
        raise ProviderError(f"{pairing.address}: {new} is {model}, expected {other} (HA136)")
    site = devices.site_id(new)
    if devices.pair_of(new) or site not in ("", site_id):
        where = f"is assigned to site {pairing.name_of(site)}"
        raise ProviderError(f"{pairing.address}: {new} {where}; unassign it first (HA137)")
    versions = [str((devices.modules.get(mac) or {}).get("version") or "") for mac in (kept, new)]
    if all(versions) and versions[0] != versions[1]:
        runs = f"runs {versions[1]}, its peer {versions[0]}"
        raise ProviderError(f"{pairing.address}: {new} {runs}; upgrade it first (HA137)")


def _refuse_unready(pairing: _Pairing) -> None:
    """Refuse to dissolve a pair whose successors are not there, free and equal: it stays until they are.

    Raises:
        ProviderError: Naming the box, and what is the matter with it.
    """
    pairing.writer.estate.items("stats", FRESH)
    devices, macs = _devices(pairing.writer), node_order(pairing.after.get("nodes") or {})
    wrong = [text for mac in macs if (text := _unready(pairing, devices, mac))]
    for what in ("model", "version"):
        found = [str((devices.modules.get(mac) or devices.records.get(mac) or {}).get(what) or "") for mac in macs]
        if all(found) and len(set(found)) > 1:
            wrong.append(f"{' and '.join(macs)} are not equal: {what} {' and '.join(found)}")
    if wrong:
        raise ProviderError(f"{pairing.address}: {'; '.join(wrong)}; the old pair stays: mend that, then apply again")


def _unready(pairing: _Pairing, devices: Boxes, mac: str) -> str:
    """Why a box cannot become a node now, or ""."""
    record, site = devices.records.get(mac), devices.site_id(mac)
    if record is None:
        return f"{mac} is not in the organisation's inventory"
    if devices.pair_of(mac):
        return f"{mac} is a member of the pair {', '.join(devices.pair_of(mac))}"
    if site not in ("", pairing.site_id()):
        return f"{mac} is assigned to site {pairing.name_of(site)}"
    up = record.get("connected", (devices.modules.get(mac) or {}).get("status") == "connected")
    return "" if up else f"{mac} is not connected"


def _refused(pairing: _Pairing, error: ApiError, doing: str) -> ProviderError:
    if error.lost:
        return error
    macs = ", ".join(node_order(pairing.after.get("nodes") or {}))
    text = f"{doing} of {macs} was refused: {error.detail}"
    return ProviderError(f"{pairing.address}: {text}; mend that on the devices and apply again")


# --- the end of a pair ---


def _dissolved(part: Part, writer: Writer) -> Sent:
    """Both devices back to the inventory, without site and profile."""
    change, estate = part.change, writer.estate
    seen = part.seen  # of what nobody recorded, what is there tells what goes
    before = {**(seen.values if seen is not None else {}), **(change.before or {})}
    macs = node_order(before.get("nodes") or {})
    devices = _devices(writer)
    pair = next((devices.pair_of(mac) for mac in macs if devices.pair_of(mac)), ())
    pair = pair if set(pair) <= set(macs) else ()
    profile = devices.profile_id(pair[0] if pair else macs[0]) if macs else ""
    if profile and profile == _profile_id(writer, before):
        # before the pair goes: while it is there, the next run finds what is left to be done
        carriers = [mac for mac in macs if (estate.known("inventory").get(mac) or {}).get("deviceprofile_id")]
        if carriers:
            assign_profile(writer, profile, carriers, change.address, take_off=True)
    if pair:
        _delete_pair(writer, pair, change.address)
    else:
        _send_home(writer, devices, macs, str(before.get("site") or ""), change.address)
    unassign(writer, Private.of(seen.private if seen is not None else {}).strays or (), change.address)
    return Sent(Written())


def _profile_id(writer: Writer, before: Mapping[str, Tree]) -> str:
    if not before.get("profile"):
        return ""
    found, _ = writer.estate.find("deviceprofiles", "", str(before["profile"]))
    return str(found["id"]) if found else ""


def _delete_pair(writer: Writer, pair: Sequence[str], address: str) -> None:
    estate = writer.estate
    writer.io.about_to(Step.DISSOLVE, address, {"macs": list(pair)}, idempotent=True)

    def gone() -> bool:
        estate.outdate(["inventory"])
        devices = _devices(writer)
        return not any(devices.pair_of(mac) for mac in pair)  # one of them let go is half of it

    path = estate.path("inventory/delete_ha_cluster")
    try:
        send_and_look(
            lambda: estate.client.post(path, {"mac": pair[0]}, what=address, idempotent=True),
            lambda: {} if gone() else None,
        )
    except Lost:
        raise
    except ApiError as error:
        if not any(text in error.detail for text in NO_CLUSTER) or not gone():
            raise ProviderError(f"{address}: dissolving the pair was refused: {error.detail}") from None
    for mac in pair:
        estate.change_device(mac, vc_mac=None, site_id="")


def _send_home(writer: Writer, devices: Boxes, macs: Sequence[str], site: str, address: str) -> None:
    there = [mac for mac in macs if writer.estate.name_of("sites", devices.site_id(mac)) == site and site]
    unassign(writer, there, address)
