"""Words that some backends have no place for: HA192."""

from collections.abc import Iterator, Mapping

from haplan.design.rules.index import DesignIndex
from haplan.design.rules.registry import Found, Registry

registry = Registry()

LACKING: Mapping[tuple[str, str], tuple[str, str]] = {
    ("mist", "probes"): (
        "the cloud probes WANs by itself",
        'extra={"mist": {"wan_probe_override": {"ips": ["…"]}}} names hosts',
    ),
    ("ssr", "probes"): ("an SSR leaves a WAN whose gateway answers no ARP by itself", "leave probes= out"),
    ("mist", "inbound"): (
        "the cloud says what its gateways answer, for a site",
        'extra={"mist": {"gateway_mgmt": {"host_in_policies": {…}}}} of the site for icmp and snmp',
    ),
    ("ssr", "inbound"): ("what a router answers is in host services, which haplan does not write", "leave it out"),
    ("mist", "screens"): ("the cloud sets them itself", "leave it out"),
    ("ssr", "screens"): ("a router takes no session without a service, and its model has no screens", "leave it out"),
}
"""(Provider, word of an interface) → why it is not taken there, and what does it instead."""
OF_PAIRS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("mist", "out_of_band"): (
        "the cloud has it at the template",
        'extra={"mist": {"oob_ip_config": {…}}} of the template, site variables in it',
    ),
    ("ssr", "out_of_band"): ("routers are managed over their WANs", "leave it out; management= of the provider"),
    ("mist", "failover"): ("the cloud sets that itself", "leave it out"),
    ("ssr", "failover"): ("an SSR pair has no such settings in its model", "leave it out"),
}  # fmt: skip
"""The same of words of a cluster."""
OF_POLICIES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("mist", "log"): ("the cloud logs by itself", "leave it out"),
    ("ssr", "log"): ("an SSR writes session records by itself", "leave it out"),
}
"""The same of words of a policy."""


@registry.validate(
    "HA192", "error", "The backend has a place for each word of the stack",
    why="A word that a backend cannot keep would be dropped in silence: the design would not be as the stack says.",
    source="ours", confidence="M",
)  # fmt: skip
def placed(design: DesignIndex) -> Iterator[Found]:
    for types, table in (("cluster", OF_PAIRS), ("policy", OF_POLICIES)):
        for block in design.of(types):
            for word, (why, hint) in _lacking(block.provider, table):
                if block.values.get(word) is not None:
                    text = f"{word}= is not taken by provider {block.provider.partition('.')[0]}: {why}"
                    yield Found(address=block.address, message=text, location=str(block.location), hint=hint)
    for owner in design.owners:
        for face in owner.faces:
            for word, (why, hint) in _lacking(owner.block.provider, LACKING):
                if face.plain.get(word) is not None:
                    provider = owner.block.provider.partition(".")[0]
                    text = f"{face.name}: {word}= is not taken by provider {provider}: {why}"
                    yield Found(address=owner.block.address, message=text, location=face.location, hint=hint)


def _lacking(provider: str, table: Mapping[tuple[str, str], tuple[str, str]]) -> Iterator[tuple[str, tuple[str, str]]]:
    return ((word, told) for (name, word), told in table.items() if name == provider.partition(".")[0])
