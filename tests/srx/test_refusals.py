"""What a device would refuse is an error of validate, by the vendor's models of Junos: before anything restarts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from haplan import engine
from haplan.errors import ProviderError
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan_srx import refusals
from haplan_srx.device.rpcs import Box
from haplan_srx.refusals import Refusals
from haplan_srx.translate.difference import Difference, Set
from haplan_srx.translate.names import fit
from haplan_srx.translate.recorded import Picture
from haplan_srx.translate.slots import ROWS
from haplan_srx.write.writer import check
from tests.srx.stacks import PAIR, design
from tests.srx.test_hub import WORLD

REFUSED = {
    "one address on two interfaces": (
        [('static("198.51.100.10/24", gateway="198.51.100.1")', 'static("192.0.2.10/25", gateway="192.0.2.2")')],
        "wan_edge_template.edge", "identical local address is found on different interfaces"),
    "a host name with odd characters": (
        [('addresses=["203.0.113.0/24"]', 'hostnames=["www.exämple.com"]'),
         ('edge.wan("wan0"), edge.wan("wan1")', "local(lan_net)")],
        "application.web", "a device takes no 'www.exämple.com'"),
    "a name server that is none": ([("])\nout", '], dns_servers=["9.9.9"])\nout')], "wan_edge_template.edge", "9.9.9"),
    "a port twice in the pair": (
        [("ge-1/0/7", "ge-0/0/1")], "wan_edge_template.edge", "becomes management or control"),
}  # fmt: skip
"""Edits of the stack, who is refused, and the words."""


def told(folder: Path, text: str) -> list[tuple[str, str, str]]:
    (folder / "stack.py").write_text(text)
    with open_session(folder, Options(), environ={}) as session:
        found = engine.validate(session).findings
    return [(one.address, one.message, one.location) for one in found if one.severity == "error"]


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_device_would_refuse_is_said_with_its_line(tmp_path: Path, case: str) -> None:
    edits, address, words = REFUSED[case]
    text = PAIR
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    found = told(tmp_path, text)
    assert [one for one in found if one[0] == address and words in one[1] and one[2].startswith("stack.py:")], found


def test_pairs_that_differ_by_addresses_vlans_and_names_are_one_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real: Callable[..., Iterator[refusals.Found]] = refusals._constraints
    monkeypatch.setattr(refusals, "_constraints", lambda *args: asked.append(1) or real(*args))
    text = WORLD.replace('"s2": {"template": spoke}}', '**{f"s{n}": {"template": spoke} for n in range(2, 9)}}')
    text = text.replace("vlan_id=10, advertise", 'vlan_id="{{VLAN}}", advertise')
    text = text.replace('"LAN": f"10.1.{number}"', '"LAN": f"10.1.{number}", "VLAN": str(number + 100)')
    picture = Picture(design(tmp_path, text).resources.values())
    found = Refusals()
    for cluster in picture.design.of("cluster"):
        pair = picture.design.whole(cluster.address)
        assert pair is not None
        assert pair.slots is not None
        assert list(found.of(picture, cluster.address, pair.slots)) == []
    assert len(asked) <= 4


# --- stacks of all kinds ---

LABELS = ("zürich", "a b", "lan", "LAN", "9", "x" * 70, "any", "rest", "junos-host", "web-tcp", "m/l", "-", "web",
          "é'\"<&>", fit("a b"), "z", "y.y", "web-web")  # fmt: skip
MODELS = [row for row in ROWS.values() if row.offset is not None]
KINDS = {"SRX4100": "xe", "SRX4200": "xe", "SRX4600": "xe", "SRX2300": "mge", "SRX4120": "mge", "SRX4300": "mge"}


def odd(number: int) -> str:
    """A stack of one model with labels in no order, several WANs and LANs, and policies that deny, steer and serve."""
    row, kind = MODELS[number % len(MODELS)], KINDS.get(MODELS[number % len(MODELS)].model, "ge")
    labels = [LABELS[(number * 7 + at * 5) % len(LABELS)] for at in range(len(LABELS))]
    wans, nets, apps, rest = labels[: 1 + number % 3], labels[3:6], labels[6:9], labels[9:]

    def both(port: int) -> str:
        return f"{kind}-0/0/{port},{kind}-{row.offset}/0/{port}"

    lines = ["from haplan import provider", "from haplan.design import *", 'provider("srx")']
    for at, label in enumerate(nets):
        lines += [f'n{at} = Network({label!r}, subnet="10.{at}.0.0/24", vlan_id={20 - at})']
    for at, label in enumerate(apps):
        protocols = [["tcp/443,8443", "udp/53"], ["any"], ["icmp", "tcp/80-90"]][(at + number) % 3]
        lines += [f'a{at} = Application({label!r}, addresses=["203.0.113.{at}/32"], protocols={protocols!r})']
    ways = [f'wan({label!r}, "{kind}-{at % 2 * (row.offset or 0)}/0/{5 + at}", '
            f'static("192.0.{at}.10/24", gateway="192.0.{at}.1"))' for at, label in enumerate(wans)]  # fmt: skip
    served = ['"10.0.0.1/24"', 'lan_address("10.1.0.1/24", dhcp=dhcp_server("10.1.0.9", "10.1.0.99", ["9.9.9.9"]))',
              'lan_address("10.2.0.1/24", dhcp=dhcp_relay(["10.9.0.1"]))']  # fmt: skip
    untagged = ", untagged=n1" if number % 2 else ""
    lans = [f'lan({rest[0]!r}, "{both(3)}", {{n1: {served[1]}, n0: {served[0]}}}{untagged})',
            f'lan({rest[1]!r}, "{both(4)}", {{n2: {served[2]}}})']  # fmt: skip
    fabric = [f'ha_fabric("{both(2)}")'] if row.fabric else []
    lines += [f"edge = WanEdgeTemplate({rest[2]!r}, interfaces=[{', '.join([*ways, *lans, *fabric])}])"]
    paths = ", ".join(f"edge.wan({label!r})" for label in reversed(wans))
    strategy = ', strategy="ecmp"' if number % 3 == 2 else ""
    lines += [f"s0 = Steering({rest[3]!r}, template=edge, paths=[{paths}]{strategy})",
              f"s1 = Steering({rest[4]!r}, template=edge, paths=[local(n0, n1)])"]  # fmt: skip
    for at, (action, steering) in enumerate([("deny", "s0"), ("allow", "s0"), ("deny", "None"), ("allow", "s1")]):
        lines += [f"Policy({rest[5 + at % 4]!r}, template=edge, networks=[n{at % 3}, n{(at + 1) % 3}], "
                  f"action={action!r}, applications=[a{at % 3}, a{(at + 1) % 3}], steering={steering})"]  # fmt: skip
    lines += [f'site = Site({rest[0]!r}, country_code="CH", timezone="Europe/Zurich")',
              f'Cluster({labels[0]!r}, site=site, template=edge, model="{row.model}", cluster_id=1, '
              'nodes=["020000010000", "020000010001"])']  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("number", range(20))
def test_stacks_with_odd_labels_in_no_order_are_what_a_device_takes(tmp_path: Path, number: int) -> None:
    picture = Picture(design(tmp_path, odd(number)).resources.values())
    (cluster,) = picture.design.of("cluster")
    pair, translation = picture.design.whole(cluster.address), picture.translation(cluster.address)
    assert pair is not None
    assert pair.slots is not None
    assert translation is not None
    assert translation.troubles == ()
    assert list(Refusals().of(picture, cluster.address, pair.slots)) == []


def test_a_secret_with_a_line_end_is_refused_before_a_device_is_asked() -> None:
    found = Difference((Set(("security", "ike"), secret="file:psk"),), {})
    with pytest.raises(ProviderError, match="secret file:psk: a device takes no control characters or line ends in it"):
        check(cast(Box, None), found, lambda source: "one\ntwo", lambda text: None)
