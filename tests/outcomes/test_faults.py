"""What a provider answers wrongly is contained: each verb of each of ours, through the whole life of a small stack.

The stack has a pair, so that everything a provider can do is asked: it is made, changed, gone on with and taken away.
"""

import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from haplan import engine
from haplan.hookspecs import hookimpl
from haplan.host.options import Options
from haplan.host.session import Session, open_session
from haplan.plugins import GROUP, Plugins
from haplan.testing.fault_contract import ASKED, BRIEF, FAULTS, Story, carry
from haplan.testing.faults import Fault, standing_for
from haplan.testing.installed import Point
from haplan_mist.provider import MistProvider
from haplan_srx.provider import SrxProvider
from haplan_ssr.lab import Lab as SsrLab
from haplan_ssr.provider import SsrProvider
from tests.outcomes.world import WORLDS

STACK = """
from haplan import Data, provider
from haplan.design import *

SRX, SSR = PLATFORM == "srx", PLATFORM == "ssr"
provider("ssr", host="conductor.example.net") if SSR else provider(PLATFORM)
Data("d", input=NUMBER)
two = Network("two", subnet="10.0.2.0/24", vlan_id=21 if CHANGED else 20)
one = Network("one", subnet="10.0.1.0/24", vlan_id=11 if CHANGED else 10)
wan0, lan0, fabric = ("7", "3", "2") if SRX else ("0", "3", "4")
links = [ha_fabric(f"ge-0/0/{fabric},ge-1/0/{fabric}"), *([] if SRX else [ha_sync("ge-0/0/5,ge-1/0/5")])]
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan1", f"ge-0/0/{wan0}", static("192.0.2.10/25", gateway="192.0.2.1")),
    wan("wan0", f"ge-1/0/{wan0}", static("198.51.100.10/24", gateway="198.51.100.1")),
    lan("lan", f"ge-0/0/{lan0},ge-1/0/{lan0}", {two: "10.0.2.1/24", one: "10.0.1.1/24"},
        **({"reth_idx": 0} if SRX else {})), *links])
of = {"srx": lambda at: {"host": f"box{at}"}, "ssr": lambda at: {"asset_id": f"BOX{at}"}}.get(PLATFORM, lambda at: {})
Cluster("branch", site=Site("yard", country_code="CH", timezone="Europe/Zurich"), template=edge,
        model="SRX300" if SRX else "SSR120", nodes=[node(f"02000010000{at}", **of(at)) for at in (0, 1)],
        attested=attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20"),
        **({"cluster_id": 1} if SRX else {}))
"""
CLASSES = {"mist": MistProvider, "ssr": SsrProvider, "srx": SrxProvider}


class Ours(Story):
    """The stack on one of ours, in its lab.

    Threads: one, the test's; the provider's faults fire in any.

    Args:
        known: What the estate came to in other stories, by what was wanted; grows.
    """

    def __init__(self, platform: str, folder: Path, known: dict[tuple[bool, bool], object]) -> None:
        self.platform, self.folder, self.known = platform, folder, known
        self.fired: list[Fault] = []
        self.wrong = ()
        self.shared = False
        self.one, self.two = "network.one", "network.two"
        self.world = WORLDS[platform](folder / "stack")
        (folder / "stack").mkdir()

    def write(self, number: int, *, changed: bool = False) -> None:
        self._wait()
        given = f"PLATFORM, NUMBER, CHANGED = {self.platform!r}, {number}, {changed}\n"
        (self.folder / "stack" / "stack.py").write_text(given + STACK)

    def _wait(self) -> None:
        """The boxes of a conductor come up, which nobody waits for whose write was only found to be done."""
        if self.platform == "ssr" and (self.folder / "stack" / ".haplan").exists():
            lab = SsrLab(self.folder / "stack" / ".haplan" / "lab")
            lab.clock.sleep(1200)
            lab.stop()

    def session(self) -> Session:
        cls = standing_for(CLASSES[self.platform], self.wrong, self.one, self.fired.append)
        points = [point for point in entry_points(group=GROUP) if point.name != self.platform]
        real = sys.modules[f"haplan_{self.platform}"]
        plugin = ModuleType(self.platform)
        vars(plugin).update(vars(real), haplan_providers=hookimpl(lambda: [cls]))
        plugins = Plugins([*points, cast(EntryPoint, Point(self.platform, plugin, f"haplan_{self.platform}"))])
        return open_session(
            self.folder / "stack", Options(lab=True, parallelism=2), plugins=plugins, environ={"PSK": "p" * 20}
        )

    def estate(self) -> object:  # type: ignore[override]  # in the words of the lab
        there = (self.folder / "stack" / ".haplan" / "lab" / f"{self.platform}.db").exists()
        return self.world.estate() if there else None

    def is_as(self, *, changed: bool = False, gone: bool = False) -> bool:
        there = self.estate()
        return self.known.setdefault((changed, gone), there) == there

    def kept(self) -> bool:
        return (self.folder / "stack" / ".haplan" / "lab" / "state.db").exists()


@pytest.fixture(scope="module")
def known() -> "Known":
    return {platform: {} for platform in CLASSES}


Known = dict[str, dict[tuple[bool, bool], object]]
FEW = {
    "mist": ("write", "settled", "read", "identify", "facts", "placements", "verify"),
    "ssr": ("settled", "read", "write", "assess", "rehearse", "write", "verify"),
    "srx": ("read", "write", "settled", "verify", "rehearse", "write", "confirm"),
}
"""In the ordinary suite: one verb after the other, at each moment another."""


def live(story: Ours, wrong: Sequence[Fault]) -> None:
    """The lab has its boxes before anything goes wrong."""
    story.write(1)
    story.ends(engine.plan)
    carry(story, wrong)


def first(verb: str, name: str) -> Fault:
    return next(fault for fault in FAULTS if (fault.verb, fault.name) == (verb, name))


@pytest.mark.parametrize("platform", CLASSES)
def test_a_life_in_which_each_verb_goes_wrong_once_ends_as_it_should(
    platform: str, known: Known, tmp_path: Path
) -> None:
    names = ("raises when all is done", "raises KeyError")
    live(Ours(platform, tmp_path, known[platform]), [first(v, names[at % 2]) for at, v in enumerate(FEW[platform])])


LEAVES = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Who is not opened, or breaks as it is closed, leaves its connections."""


@LEAVES
@pytest.mark.deep
@pytest.mark.parametrize("verb", ASKED)
@pytest.mark.parametrize("platform", CLASSES)
def test_what_a_verb_answers_wrongly_is_contained(platform: str, verb: str, known: Known, tmp_path: Path) -> None:
    wrong = [fault for fault in FAULTS if fault.verb == verb and fault.name in BRIEF and not fault.depth]
    live(Ours(platform, tmp_path, known[platform]), wrong)


@LEAVES
@pytest.mark.deep
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("platform", CLASSES)
def test_each_wrong_answer_is_contained(platform: str, fault: Fault, known: Known, tmp_path: Path) -> None:
    live(Ours(platform, tmp_path, known[platform]), [fault])
