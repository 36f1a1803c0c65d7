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
}
"""(Provider, word of an interface) → why it is not taken there, and what does it instead."""

registry.says(
    "HA192", "error", "The backend has a place for each word of the stack",
    why="A word that a backend cannot keep would be dropped in silence: the design would not be as the stack says.",
    source="ours", confidence="M",
)  # fmt: skip


@registry.validate("HA192")
def placed(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        provider = owner.block.provider.partition(".")[0]
        for face in owner.faces:
            for word in [word for name, word in LACKING if name == provider and face.plain.get(word) is not None]:
                why, hint = LACKING[provider, word]
                text = f"{face.name}: {word}= is not taken by provider {provider}: {why}"
                yield Found(address=owner.block.address, message=text, location=face.location, hint=hint)
