"""The model answers what a translation wants to know, and is what the vendor's exports say."""

import importlib.util
import json
from pathlib import Path

import pytest
from lxml import etree

import haplan_ssr.model
from haplan_ssr.model import model, release_of
from haplan_ssr.model.rules import Rules

FOLDER = Path(haplan_ssr.model.__file__).parent
EXPORTS = Path(__file__).parents[3] / "shared" / "reference" / "ssr"


def test_the_data_is_small_and_has_its_licence_beside_it() -> None:
    assert (FOLDER / "model.json").stat().st_size < 200_000
    assert "Copyright (c) 2018 128 Technology" in (FOLDER / "LICENSE.128technology").read_text()


@pytest.mark.skipif(not EXPORTS.exists(), reason="the vendor's exports are not beside this repository")
def test_the_data_is_what_the_script_makes_of_the_exports(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_model", FOLDER / "make_model.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(EXPORTS, tmp_path / "model.json")
    assert json.loads((tmp_path / "model.json").read_text()) == json.loads((FOLDER / "model.json").read_text())


def test_every_rule_of_the_model_can_be_evaluated() -> None:
    rules = Rules()
    known = [rule for node in model().authority.walk() for rule in rules.of(node)]
    assert len(known) == model().rules == 393
    document = etree.fromstring("<config><authority/></config>")
    for rule in known:
        assert rule.holds(document[0]) in (True, False)  # for an instance
        assert rule.broken(document) in ([], [document[0]])  # for all of them


@pytest.mark.parametrize(
    ("path", "restarts"),
    [
        ("/router/name", {"create", "delete"}),
        ("/router/node/name", {"create", "delete"}),
        ("/router/node/role", {"create", "modify", "delete"}),
        ("/router/node/forwarding-core-mode", {"create", "modify", "delete"}),
        ("/router/node/device-interface/forwarding", {"modify"}),
        ("/router/node/device-interface/network-interface/enabled", {"create", "modify", "delete"}),
        ("/service/name", set()),
    ],
)
def test_the_model_says_what_needs_a_restart(path: str, restarts: set[str]) -> None:
    assert model().at(path).restart == restarts


def test_the_model_knows_keys_defaults_order_and_releases() -> None:
    known = model()
    assert known.at("/router").keys == ("name",)
    assert known.at("/router/service-route/next-hop").keys == ("node-name", "interface")
    assert known.at("/service-policy/vector").user_ordered
    assert not known.at("/router").user_ordered
    assert known.at("/router/bfd/multiplier").default == "3"
    assert known.at("/router/service-route/vector").since == (5, 4)
    assert known.at("/router/node/device-interface/network-interface/vrrp").until == (5, 2)
    assert known.at("/security/encryption-key").secret
    with pytest.raises(KeyError):
        known.at("/router/nothing")


@pytest.mark.parametrize(("text", "release"), [("6.3.0-107.r1.el7", (6, 3)), ("5.4", (5, 4)), ("SSR-7.1.2", (7, 1))])
def test_a_release_is_read_from_a_software_version(text: str, release: tuple[int, int]) -> None:
    assert release_of(text) == release
