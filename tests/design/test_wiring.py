"""The cabling sheet: every port of both boxes once, by the name on its front, and where it goes."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from haplan.design import catalogue, haplan_wiring
from haplan.model.wiring import Plug, Sheet
from haplan.report.lines import plain
from haplan.report.wiring import wiring_csv, wiring_lines, wiring_markdown

STACKS = Path(__file__).parents[2] / "stacks"
CASES = Path(__file__).parent / "cases"
SPOKE = """\
cluster.spoke1 · two SSR120 at spoke1-site
  node0  02005e100c30 (serial DEMO120S1A)
    port on the box  in configurations  carries      goes to
    ge-0/0/0         ge-0/0/0           wan0         circuit wan0: dhcp
    ge-0/0/1         ge-0/0/1           -            leave empty
    ge-0/0/2         ge-0/0/2           -            leave empty
    ge-0/0/3         ge-0/0/3           lan          the switch that port ge-0/0/3 of node1 is on: \
SPOKE-LAN1 (VLAN 1099), spoke-guest (VLAN 2099)
    ge-0/0/4         ge-0/0/4           fabric link  port ge-0/0/4 of node1: direct patch cable, no switch between
    ge-0/0/5         ge-0/0/5           sync link    port ge-0/0/5 of node1: direct patch cable, no switch between
  node1  02005e100c31 (serial DEMO120S1B)
    port on the box  in configurations  carries      goes to
    ge-0/0/0         ge-1/0/0           wan1         circuit wan1: static 192.0.2.10/25 gateway 192.0.2.1
    ge-0/0/1         ge-1/0/1           -            leave empty
"""


def sheet(stack: Any, label: str) -> Sheet:
    return next(one for one in haplan_wiring(stack, ()) if one.address == f"cluster.{label}")


def test_the_sheet_of_a_pair_says_where_each_cable_goes(load_folder: Any) -> None:
    text = plain(wiring_lines([sheet(load_folder(STACKS / "hub_spoke_ssr"), "spoke1")]), 200)
    assert text.startswith(SPOKE)


@pytest.mark.parametrize("family", ["ssr", "srx"])
def test_every_port_of_both_boxes_is_on_the_sheet_once(family: str, load_folder: Any) -> None:
    for one in haplan_wiring(load_folder(STACKS / f"hub_spoke_{family}"), ()):
        row = catalogue.find(one.model)
        assert row is not None
        for node in (0, 1):
            assert [plug.box for plug in one.of(node)] == [str(port) for port in row.ports]


def test_a_port_that_becomes_something_else_is_on_the_sheet_as_that(load_folder: Any) -> None:
    one = sheet(load_folder(STACKS / "hub_spoke_srx"), "h1")
    said = {(plug.node, plug.box): (plug.port, plug.use, plug.to) for plug in one.plugs}
    assert said[1, "ge-0/0/0"] == ("fxp0", "management", "management network")
    direct = "direct patch cable, no switch between"
    assert said[1, "ge-0/0/1"] == ("fxp1", "control link", f"port ge-0/0/1 of node0: {direct}")
    assert said[1, "ge-0/0/2"] == ("ge-1/0/2", "fabric link", f"port ge-0/0/2 of node0: {direct}")


def test_a_model_without_a_catalogue_says_that_its_ports_are_not_known(stack: Any) -> None:
    nodes = 'nodes=["02005e000020"'
    text = (CASES / "ssr.txt").read_text().replace(f'model="SSR120", {nodes}', f'model="SSR440", {nodes}')
    one = sheet(stack(text), "one")
    assert (one.plugs, one.unsure) == (
        (), "SSR440 is not in the port catalogue: which node a port is on is not known"
    )  # fmt: skip


def test_a_value_that_nobody_knows_yet_stands_as_it_is_written(stack: Any) -> None:
    text = (CASES / "ssr.txt").read_text().replace('"WAN1": "192.0.2.10"', '"WANX": "192.0.2.10"')
    said = {plug.use: plug.to for plug in sheet(stack(text), "one").plugs}
    assert said["wan1"] == "circuit wan1: static {{WAN1}}/25 gateway 192.0.2.1"


def test_csv_has_a_line_a_port_and_no_cell_that_acts() -> None:
    plug = Plug(node=0, box="ge-0/0/0", port="ge-0/0/0", kind="wan", use="=cmd|' /C calc'!A0", to='a "b", c')
    text = wiring_csv([Sheet(address="cluster.a", site="@s", model="SSR120", plugs=(plug,))])
    head, row = csv.reader(io.StringIO(text))
    said = dict(zip(head, row, strict=True))
    assert (said["use"], said["site"], said["to"]) == ("'=cmd|' /C calc'!A0", "'@s", 'a "b", c')


def test_markdown_keeps_its_columns_whatever_things_are_called() -> None:
    plug = Plug(node=0, box="ge-0/0/0", port="ge-0/0/0", kind="wan", use="a|b", to="*x*")
    text = wiring_markdown([Sheet(address="cluster.a", site="s", model="SSR120", plugs=(plug,))])
    assert "| ge-0/0/0 | ge-0/0/0 | a\\|b | \\*x\\* |" in text
