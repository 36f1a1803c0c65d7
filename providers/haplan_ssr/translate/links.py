"""The prefixes of the two HA links against the addresses of a pair: what overlaps is sent to the other node."""

import ipaddress
from collections.abc import Iterator, Mapping

from haplan.plugin import Tree
from haplan_ssr.translate.design import Pair, Terms
from haplan_ssr.translate.draft import Draft


def refuse_overlaps(pair: Pair, terms: Terms, draft: Draft) -> None:
    """Say which address of a pair lies on one of its links."""
    links = {"sync": ipaddress.ip_network(terms.sync), "fabric": ipaddress.ip_network(terms.fabric)}
    for name, text in _addresses(pair):
        try:
            own = ipaddress.ip_interface(text).network
        except ValueError:
            continue  # said where it is translated
        for link, prefix in links.items():
            if own.version == prefix.version and own.overlaps(prefix):
                said = f"{name} {own} overlaps the {link} link of the pair, {prefix}"
                hint = f'give it another subnet, or the link: provider("ssr", {link}="…")'
                draft.problem("SSR006", pair.carried.address, said, hint)


def _addresses(pair: Pair) -> Iterator[tuple[str, str]]:
    for name, face in pair.faces("wan", "lan").items():
        wan = face.get("address")
        if isinstance(wan, Mapping):
            yield from _known(pair, name, wan.get("ip"))
        for network, said in (face.get("networks") or {}).items():
            for one in (said.get("ip"), *(said.get("secondary") or ())):
                yield from _known(pair, f"{name}/{network}", one)


def _known(pair: Pair, name: str, value: Tree) -> Iterator[tuple[str, str]]:
    text = pair.text(value)
    if text is not None:
        yield name, text
