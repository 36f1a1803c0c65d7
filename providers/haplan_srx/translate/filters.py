"""The filters that steer: where traffic comes in, a term for what a policy lets out sends it to a rule's instance."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.design.index import Resource
from haplan.plugin import Tree
from haplan_srx.translate.book import match_of
from haplan_srx.translate.design import Pair
from haplan_srx.translate.ports import Face, lan_unit
from haplan_srx.translate.statements import Path, Writer
from haplan_srx.translate.steering import instance, leaves

FILTERS: Path = ("firewall", "family", "inet")


def write(pair: Pair, found: Mapping[str, Face], to: Writer) -> None:
    """A filter on each LAN, and one for all that comes in by the overlay."""
    steered = list(_steered(pair))
    for name, face in found.items():
        for network in face.values.get("networks") or {} if face.values["usage"] == "lan" else ():
            _from_lan(pair, face, name, str(network), steered, to)
    _from_overlay(pair, steered, to)


@attrs.frozen
class Steered:
    """What a policy sends to the instance of a steering rule."""

    policy: Resource
    rule: Resource

    @property
    def networks(self) -> Sequence[str]:
        """Who is sent there."""
        return [str(name) for name in self.policy.values.get("networks") or ()]


def _steered(pair: Pair) -> Iterator[Steered]:
    """The policies that let something out of the site, in order."""
    rules = {rule.name: rule for rule in pair.steering}
    for policy in pair.policies:
        rule = rules.get(str(policy.values.get("steering") or ""))
        if rule is not None and policy.values.get("action") == "allow" and leaves(rule):
            yield Steered(policy, rule)


def _from_lan(pair: Pair, face: Face, name: str, network: str, steered: Sequence[Steered], to: Writer) -> None:
    """The filter of one network: a term for what each policy steers out, in order, and the rest as it is."""
    unit = lan_unit(pair, face, network)
    filter_: Path = (*FILTERS, ("filter", pair.names.name("filter", "lan", network, like=f"from-{network}")))
    mine = [one for one in steered if network in one.networks]
    for one in mine:
        _terms(pair, one, filter_, (), to)
    if mine and unit is not None:
        to.speak(pair.owner.address, "interfaces", name)
        _bind(face.device, unit, filter_, to)


def _from_overlay(pair: Pair, steered: Sequence[Steered], to: Writer) -> None:
    """One filter for all tunnels: the way out of the networks at the other ends, where a hub is their way out."""
    filter_: Path = (*FILTERS, ("filter", pair.names.name("filter", "overlay", like="from-overlay")))
    far, units = pair.far(), pair.units()
    bound = dict[tuple[str, str, str], None]()
    for one in steered:
        sources = [far[name] for name in one.networks if name in far]
        if sources:
            _terms(pair, one, filter_, sorted({prefix for prefixes in sources for prefix in prefixes}), to)
        bound |= {tunnel.key: None for prefixes in sources for ends in prefixes.values() for tunnel in ends}
    to.speak(pair.owner.address, "interfaces")
    for key in bound:
        _bind("st0", units[key], filter_, to)


def _bind(device: str, unit: int, filter_: Path, to: Writer) -> None:
    to.set(*filter_, ("term", "rest"), "then", "accept")
    at = ("interfaces", ("interface", device), ("unit", str(unit)), "family", "inet")
    to.set(*at, "filter", "input", "filter-name", value=filter_[-1][1])


def _terms(pair: Pair, one: Steered, filter_: Path, sources: Sequence[str], to: Writer) -> None:
    """A term for each thing that the applications of a policy match; `sources` are where it comes from, if not all."""
    labels = one.policy.values.get("applications") or ()
    to.speak(one.policy.address, "steering")
    for label in labels:
        application = pair.index.named("application", label)
        if application is None:
            continue
        if application.values.get("hostnames"):
            to.trouble(f"policy {one.policy.name}: {label} has host names; a filter steers by addresses only")
        matches = match_of(pair, application)
        for match in matches:
            part = [str(label) if len(labels) > 1 else "", match["protocol"] if len(matches) > 1 else ""]
            words = [one.policy.name, *(word for word in part if word)]
            what = (one.policy.name, *part) if any(part) else (one.policy.name,)
            name = pair.names.name("term", *what, like="-".join(words) if any(part) else "")
            at: Path = (*filter_, ("term", name))
            _term(at, {**match, "source": sources}, instance(pair, one.rule), to)


def _term(at: Path, match: Mapping[str, Tree], chosen: str, to: Writer) -> None:
    for end in ("source", "destination"):
        for prefix in match[end]:
            to.set(*at, "from", (f"{end}-address", prefix))
    if match.get("protocol"):
        to.several(*at, "from", "protocol", values=[match["protocol"]])
    if match.get("ports"):
        to.several(*at, "from", "destination-port", values=match["ports"])
    to.sole(*at, "from", elements=("source-address", "destination-address", "protocol", "destination-port"))
    to.set(*at, "then", "routing-instance", "routing-instance-name", value=chosen)
