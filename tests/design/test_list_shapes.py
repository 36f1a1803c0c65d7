"""Interfaces and nodes in another shape than a list: the hint says which, and who follows it gets further."""

from pathlib import Path

import pytest

from haplan.errors import HaplanError
from haplan.testing import Project

STACK = """
from haplan.design import *

site = Site("branch", country_code="CH", timezone="Europe/Zurich")
one = wan("wan0", "ge-0/0/0", static("192.0.2.10/25", gateway="192.0.2.1"))
two = wan("wan1", "ge-1/0/0", static("198.51.100.10/25", gateway="198.51.100.1"))
edge = WanEdgeTemplate("edge", interfaces={interfaces})
Cluster("branch", site=site, template=edge, model="SSR120", nodes={nodes})
"""
MACS = '"020000010000", "020000010001"'


def mistakes(folder: Path, **given: str) -> str:
    """What is wrong with the language of a stack, "" where nothing is."""
    text = STACK.format(**{"interfaces": "[one, two]", "nodes": f"[{MACS}]", **given})
    try:
        with Project(folder, text).session() as session:
            from haplan.steps.load import load

            load(session.file, session.plugins.resources, session.variable)
    except HaplanError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("wrong", "hint", "followed"),
    [
        ("one", "write a list: […]", "[one]"),
        ('{"wan0": one, "wan1": two}', "write a list of its values", "[*{'wan0': one, 'wan1': two}.values()]"),
        ("(each for each in (one, two))", "write a list: list(…)", "list(each for each in (one, two))"),
        ("[[one, two]]", "write its entries without brackets of their own: *[…]", "[*[one, two]]"),
        ("[one, wan]", "call it: wan(…)", '[one, wan("wan1", "ge-1/0/0", dhcp())]'),
        ("wan", "call it: wan(…)", '[wan("wan1", "ge-1/0/0", dhcp())]'),
    ],
)
def test_interfaces_in_another_shape_say_which_is_meant(tmp_path: Path, wrong: str, hint: str, followed: str) -> None:
    assert mistakes(tmp_path / "wrong", interfaces=wrong).endswith(f"; {hint}")
    assert mistakes(tmp_path / "followed", interfaces=followed) == ""


@pytest.mark.parametrize(
    ("wrong", "hint", "followed"),
    [
        ('"020000010000, 020000010001"', f"write a list: [{MACS}]", f"[{MACS}]"),
        ('node("020000010000")', "write a list: […]", '[node("020000010000"), "020000010001"]'),
        (f"dict(zip(('node0', 'node1'), ({MACS})))", "write a list of its values", f"[{MACS}]"),
        ('{"020000010000": {}, "020000010001": {}}', "write a list of its keys", f"[{MACS}]"),
        (f"[({MACS})]", "write its entries without brackets of their own: *[…]", f"[*({MACS})]"),
        ("node", "call it: node(…)", '[node("020000010000"), "020000010001"]'),
    ],
)
def test_nodes_in_another_shape_say_which_is_meant(tmp_path: Path, wrong: str, hint: str, followed: str) -> None:
    assert mistakes(tmp_path / "wrong", nodes=wrong).endswith(f"; {hint}")
    assert mistakes(tmp_path / "followed", nodes=followed) == ""
