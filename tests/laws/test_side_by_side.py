"""Documents of two kinds of backend in one plan, of SRX pairs and of an SSR conductor: what left the stack is gone from
all of them, wherever the run that took it out was killed."""

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from haplan import engine
from haplan.errors import Abandoned
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.event import Event
from tests.laws.ways import Stack, well

STACK = """
from haplan import provider
from haplan.design import *

GONE = False

def estate(of, name, wan0, wan1, links, pairs, redundant, nodes, model):
    zone = Site(f"{name}-yard", country_code="CH", timezone="Europe/Zurich", provider=of)
    office = Network(f"{name}-office", subnet="10.1.0.0/24", vlan_id=100, provider=of)
    edge = WanEdgeTemplate(f"{name}-edge", provider=of, interfaces=[
        wan("wan1", wan0, static("192.0.2.10/25", gateway="192.0.2.1")),
        wan("wan0", wan1, static("198.51.100.10/24", gateway="198.51.100.1")),
        lan("lan", "ge-0/0/3,ge-1/0/3", {office: "10.1.0.1/24"}, **redundant), *links])
    out = Steering("out", template=edge, paths=[edge.wan("wan1"), edge.wan("wan0")])
    for rule, host in [("zebra", 9), ("access", 7), ("middle", 8)]:
        to = Application(f"{name}-{rule}", addresses=[f"203.0.113.{host}/32"], protocols=["tcp/443"], provider=of)
        if not (GONE and rule == "access"):
            Policy(rule, template=edge, networks=[office], action="allow", applications=[to], steering=out)
    for number in pairs:
        attested = attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20")
        ids = {"cluster_id": number} if redundant else {}
        Cluster(f"{name}-{number}", site=zone, model=model, template=edge, attested=attested, provider=of,
                nodes=[nodes(number, at) for at in (0, 1)], **ids)

estate(provider("srx"), "q", "ge-0/0/7", "ge-1/0/7", [ha_fabric("ge-0/0/2,ge-1/0/2")], (2, 1), {"reth_idx": 0},
       lambda number, at: node(f"0200000{number}000{at}", host=f"box{number}-{at}"), "SRX300")
estate(provider("ssr", host="conductor.example.net"), "b", "ge-0/0/0", "ge-1/0/0",
       [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")], (3,), {},
       lambda number, at: node(f"0200000{number}000{at}", asset_id=f"BOX{number}{at}"), "SSR120")
"""
left = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A run that is killed inside this process leaves calls behind that nobody answers."""
RULES = ("policy.q-edge.access", "policy.b-edge.access")


class Killed(KeyboardInterrupt):
    """The run is dead."""


class Both(Stack):
    """The stack with both labs."""

    def want(self, changes: object, more: str = "") -> None:
        (self.folder / "stack.py").write_text(STACK.replace("GONE = False", f"GONE = {bool(changes)}") + more)

    def dies(self, at: int) -> int:
        """Carry the stack out, until so many events were told; how many there were."""
        told: list[Event] = []

        def die(event: Event) -> None:
            told.append(event)
            if len(told) == at:
                raise Killed

        with open_session(self.folder, Options(lab=True), environ={}) as session:
            plan = engine.plan(session)
            with session.observed_by([die]), suppress(Killed, Abandoned):
                engine.apply(session, plan)
            for thread in threading.enumerate():  # what is under way comes to its end, and nobody hears of it
                if thread.name.startswith("haplan-write"):
                    thread.join()
        return len(told)


@pytest.fixture(scope="module")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Both]:
    """What stood before, applied once; each test has a copy."""
    stack = Both(tmp_path_factory.mktemp("both"), "srx")
    stack.want(())
    well(stack.apply())

    def make() -> Both:
        folder = tmp_path_factory.mktemp("copy") / "stack"
        shutil.copytree(stack.folder, folder)
        return Both(folder, "srx")

    return make


def is_gone(stack: Both, at: int) -> int:
    """Killed there, and after enough applies it is as if it never had been; how many events there were."""
    stack.want(("gone",))
    told = stack.dies(at)
    well(stack.apply())
    stack.ends_well()
    with stack.session(Options(lab=True)) as session:
        state = engine.read_state(session)
    assert not [row for row in state.rows.values() if row.address in RULES or row.status != "ok"]
    assert not [one for one in state.placements.values() if one.address in RULES or one.status != "done"]
    assert {row.names for row in state.orders.values()} == {("zebra", "middle")}
    assert state.intents == ()
    stack.want(())  # what is there yet would be taken for its own by nobody
    assert [one.address for one in stack.plan().changes] == sorted(RULES, reverse=True)
    return told


@left
def test_a_rule_that_left_the_stack_is_gone_from_every_list_though_the_run_died(stands: Callable[[], Both]) -> None:
    assert is_gone(stands(), 9) >= 9


@left
@pytest.mark.deep
def test_a_rule_that_left_the_stack_is_gone_from_every_list_after_a_kill_at_any_place(
    stands: Callable[[], Both],
) -> None:
    at = 1
    while is_gone(stands(), at) >= at:
        at += 1
    assert at > 10
