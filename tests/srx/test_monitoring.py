"""A WAN whose provider is dead: what a device is told so that its routes go."""

from pathlib import Path

import pytest

from haplan_srx.translate.device import Translation, translate
from haplan_srx.translate.monitoring import unwatched
from haplan_srx.translate.names import CONFIGURED, Key
from haplan_srx.translate.recorded import Picture
from tests.srx.stacks import PAIR, design, lines, translation

WATCHED = PAIR.replace(", probes=False", "")
PROBE = "services rpm probe[wan0] test[192.0.2.1]"
HELD = "services ip-monitoring policy[wan0]"
DEFAULT = "routing-options static route[0.0.0.0/0] qualified-next-hop"
THIRD = '    wan("lte", "ge-1/0/8", static("203.0.113.10/24", gateway="203.0.113.1")),\n    lan('


def said(tmp_path: Path, text: str) -> list[str]:
    found = translation(design(tmp_path, text))
    assert found.troubles == ()
    return lines(found.configuration)


def test_the_gateway_of_a_static_wan_is_probed_and_while_it_is_silent_the_next_wan_is_taken(tmp_path: Path) -> None:
    found = said(tmp_path, WATCHED)
    assert [line for line in found if line.startswith("services")] == [
        f"{PROBE} probe-type = icmp-ping",
        f"{PROBE} target address = 192.0.2.1",
        f"{PROBE} probe-count = 5",
        f"{PROBE} probe-interval = 2",
        f"{PROBE} test-interval = 5",
        f"{PROBE} thresholds successive-loss = 3",
        f"{PROBE} thresholds total-loss = 3",
        f"{PROBE} destination-interface = ge-0/0/7.0",
        f"{HELD} match rpm-probe = wan0",
        f"{HELD} then preferred-route withdraw",
        f"{HELD} then preferred-route route[0.0.0.0/0] next-hop = 192.0.2.1",
        f"{HELD} then preferred-route route[0.0.0.0/0] preferred-metric = 5",
        f"{HELD} then preferred-route routing-instances[steer-out] route[0.0.0.0/0] next-hop = 192.0.2.1",
        f"{HELD} then preferred-route routing-instances[steer-out] route[0.0.0.0/0] preferred-metric = 5",
    ]
    behind = {f"{DEFAULT}[192.0.2.1] preference = 50", f"{DEFAULT}[198.51.100.1] preference = 6"}
    assert behind <= set(found)


def test_hosts_behind_the_provider_are_probed_by_its_gateway(tmp_path: Path) -> None:
    text = PAIR.replace("probes=False", 'probes=["203.0.113.7", "{{NET}}.9"]', 1)
    found = [line for line in said(tmp_path, text) if "rpm" in line]
    assert [line.partition(" next-hop = ")[::2] for line in found if "next-hop" in line] == [
        ("services rpm probe[wan0] test[203.0.113.7]", "192.0.2.1"),
        ("services rpm probe[wan0] test[10.0.0.9]", "192.0.2.1"),
    ]


def test_of_three_wans_each_but_the_last_is_watched_and_their_routes_keep_their_order(tmp_path: Path) -> None:
    text = WATCHED.replace("    lan(", THIRD, 1).replace('edge.wan("wan1")]', 'edge.wan("wan1"), edge.wan("lte")]')
    found = said(tmp_path, text)
    metrics = [line for line in found if "preferred-route route[" in line and "metric" in line]
    assert [line.rpartition(" ")[2] for line in metrics] == ["5", "6"]
    static = [line.rpartition(" ")[2] for line in found if line.startswith(DEFAULT)]
    assert static == ["50", "51", "7"]


def test_wans_that_share_what_leaves_are_each_replaced_by_the_others(tmp_path: Path) -> None:
    found = said(tmp_path, WATCHED.replace("template=edge, paths", 'template=edge, strategy="ecmp", paths', 1))
    shared = [line for line in found if "shared" in line and "next-hop" in line]
    assert [line.rpartition(" ")[2] for line in shared] == ["198.51.100.1", "192.0.2.1"]


@pytest.mark.parametrize(("change", "why"), [
    (('gateway="192.0.2.1"), probes=False', 'gateway="192.0.2.1"), probes=["2001:db8::1"]'),
     "interface wan0: probes take IPv4 addresses, not 2001:db8::1"),
    (('static("192.0.2.10/25", gateway="192.0.2.1"), probes=False', 'dhcp(), probes=["192.0.2.1"]'),
     "interface wan0: probes need a fixed gateway to ping by; its address is dhcp"),
    (('model="SRX300"', 'model="SRX300", firmware="19.4R3"'),
     "interface wan0: IP monitoring takes routes out from Junos 20.3 on, shop runs 19.4R3; say probes=False"),
])  # fmt: skip
def test_what_cannot_be_probed_is_refused_by_name(tmp_path: Path, change: tuple[str, str], why: str) -> None:
    text = (PAIR if "probes" in change[0] else WATCHED).replace(*change, 1)
    assert [one.text for one in translation(design(tmp_path, text)).troubles][:1] == [why]


def _on(tmp_path: Path, text: str, before: dict[Key, str]) -> Translation:
    found = design(tmp_path, text)
    picture = Picture(found.resources.values(), given=lambda cluster: before)
    pair = picture.design.whole("cluster.shop")
    assert pair is not None
    return translate(pair)


def test_wans_that_were_made_without_probes_stay_so_and_those_that_come_are_probed(tmp_path: Path) -> None:
    was = _on(tmp_path, WATCHED, {CONFIGURED: "yes"})
    assert not [line for line in lines(was.configuration) if line.startswith("services")]
    assert f"{DEFAULT}[192.0.2.1] preference = 5" in lines(was.configuration)
    text = WATCHED.replace("    lan(", THIRD, 1).replace('edge.wan("wan1")]', 'edge.wan("lte"), edge.wan("wan1")]')
    now = _on(tmp_path, text, dict(was.given))
    probes = {line.split()[2] for line in lines(now.configuration) if line.startswith("services rpm")}
    assert probes == {"probe[lte]"}
    asked = _on(tmp_path, PAIR.replace("probes=False", "probes=True", 1), dict(was.given))
    assert PROBE in "\n".join(lines(asked.configuration))


def test_wans_of_before_are_told_in_one_line_a_template(tmp_path: Path) -> None:
    found = design(tmp_path, WATCHED)
    picture = Picture(found.resources.values(), given=lambda cluster: {CONFIGURED: "yes"})
    pair = picture.design.whole("cluster.shop")
    assert pair is not None
    (line,) = unwatched([pair, pair])
    assert line == (
        "edge: nobody notices when the provider behind wan0 is dead and the line is up (1 pair); "
        "say probes=True on it (SRX005)"
    )
