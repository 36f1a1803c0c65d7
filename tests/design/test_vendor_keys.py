"""Vendor keys of a resource and of its parts are looked at when a stack is validated, whatever provider it is for."""

from pathlib import Path

import pytest

from haplan import engine
from haplan.host.session import open_session
from haplan.model.finding import Finding

STACK = """
from haplan import provider
from haplan.design import Network, WanEdgeTemplate, dhcp, lan, wan

provider("{name}"{settings})
office = Network("office", subnet="10.9.0.0/24")
WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp()),
    lan("lan", "ge-0/0/3", {{office: "10.9.0.1/24"}}, extra={{"{name}": {{"wan_type": "lte"}}}})])
"""


def extra(folder: Path, name: str, settings: str = "") -> list[Finding]:
    (folder / "stack.py").write_text(STACK.format(name=name, settings=settings))
    with open_session(folder, environ={}) as session:
        return [one for one in engine.validate(session).findings if one.rule == "EXTRA"]


@pytest.mark.parametrize("name", ["mist", "srx", "ssr"])
def test_a_vendor_key_of_an_interface_that_cannot_be_is_an_error_at_validate(tmp_path: Path, name: str) -> None:
    settings = ', host="https://127.0.0.1"' if name == "ssr" else ""
    (found,) = extra(tmp_path, name, settings)
    assert (found.severity, found.address, found.location) == ("error", "wan_edge_template.edge", "stack.py:9")
    assert found.message.startswith("interfaces.lan: ")


@pytest.mark.parametrize("name", ["mist", "srx", "ssr"])
def test_every_provider_takes_strict_extra_and_nothing_but_true_or_false(tmp_path: Path, name: str) -> None:
    more = ', host="https://127.0.0.1"' if name == "ssr" else ""
    extra(tmp_path, name, f"{more}, strict_extra=True")
    with pytest.raises(Exception, match="strict_extra is True or False"):
        extra(tmp_path, name, f'{more}, strict_extra="yes"')
