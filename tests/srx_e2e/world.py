"""A stack in a folder, its simulated boxes, and a person who works on them by hand."""

from pathlib import Path
from typing import Any

from lxml import etree

from haplan import engine
from haplan.host.options import Options, sorted_out
from haplan.host.session import open_session
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.steps.approve import unseal
from haplan_srx.config import Access, Place
from haplan_srx.device.session import Loop, Session
from haplan_srx.lab import Lab, Served

ONE_PAIR = """
from haplan import provider
from haplan.design import *

provider("srx")
office = Network("office", subnet="{{OFFICE}}.0/24", vlan_id=100)
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=99)
web = Application("web", addresses=["203.0.113.0/24"], protocols=["tcp/80,443"])
anything = Application("anything", addresses=["0.0.0.0/0"], protocols=["any"])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/7", static("192.0.2.10/25", gateway="192.0.2.1")),
    wan("wan1", "ge-1/0/7", static("198.51.100.10/24", gateway="198.51.100.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24", guest: "172.22.99.1/24"}, reth_idx=0),
    ha_fabric("ge-0/0/2,ge-1/0/2"),
])
first = Steering("first", template=edge, paths=[edge.wan("wan0"), edge.wan("wan1")])
second = Steering("second", template=edge, paths=[edge.wan("wan1")])
def allow(label, networks, application, steering):
    Policy(label, template=edge, networks=networks, applications=[application], action="allow", steering=steering)
allow("office-web", [office], web, first)
# here
allow("guest-out", [guest], anything, second)
for number in PAIRS:
    site = Site(f"shop{number}", country_code="CH", timezone="Europe/Zurich", variables={"OFFICE": f"10.{number}.0"})
    macs = [f"0200000{number}0000", f"0200000{number}0001"]
    Cluster(f"shop{number}", site=site, template=edge, model="SRX300", cluster_id=number,
            nodes=[node(mac, host=f"shop{number}-{at}") for at, mac in enumerate(macs)],
            attested=attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20"))
"""
"""A template with two policies, on the pairs whose numbers are in the list PAIRS."""


def node_of(number: int, node: int = 0) -> str:
    """MAC address of a node of the pairs above."""
    return f"0200000{number}000{node}"


class World:
    """A stack and its lab.

    Attributes:
        folder: The stack's folder.
        events: Of the last command.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self._served: tuple[Lab, Served] | None = None
        self._loop: Loop | None = None

    # --- haplan ---

    def plan(self, **options: Any) -> Plan:
        """Make a plan."""
        self.events = []
        opening, asked = sorted_out(options)
        with open_session(
            self.folder, Options(lab=True, **opening), observers=[self.events.append], environ={}
        ) as session:
            return engine.plan(session, asked)

    def apply(self, plan: Plan | None = None, **options: Any) -> Result:
        """Carry out a plan, by default the one that would be made now."""
        self.events = []
        opening, asked = sorted_out(options)
        with open_session(
            self.folder, Options(lab=True, **opening), observers=[self.events.append], environ={}
        ) as session:
            return engine.apply(session, plan or engine.plan(session, asked))

    def apply_file(self) -> Result:
        """Plan to a file, and carry that out as another process does."""
        file = self.folder / "plan.hp"
        with open_session(self.folder, Options(lab=True), environ={}) as session:
            engine.write_plan(session, engine.plan(session), file)
        found = unseal(file)
        with open_session(self.folder / "stack.py", Options(lab=True), environ={}, exists=False) as session:
            return engine.apply(session, found.plan)

    def edit(self, old: str, new: str) -> None:
        """Change the stack."""
        path = self.folder / "stack.py"
        text = path.read_text()
        assert old in text, f"the stack has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def misbehave(self, text: str) -> None:
        """Write the lab's definition beside the stack."""
        (self.folder / "lab.toml").write_text(text)

    def evidence(self) -> dict[str, str]:
        """Document → what the device said that the last command changes there."""
        return {event.document: event.text for event in self.events if event.kind == "evidence"}

    # --- the boxes ---

    @property
    def lab(self) -> Lab:
        """The simulator, served once more in this process."""
        return self._lab()[0]

    @property
    def served(self) -> Served:
        """Where it answers."""
        return self._lab()[1]

    def _lab(self) -> tuple[Lab, Served]:
        if self._served is None:
            lab = Lab(self.folder / ".haplan" / "lab")
            self._served = lab, lab.start()
        return self._served

    def session(self, mac: str) -> Session:
        """A session of a person who works on a box by hand."""
        lab, served = self._lab()
        self._loop = self._loop or Loop()
        access = Access(username="pat", password=lab.password("pat"), known_hosts=str(served.known_hosts))
        return Session.connect(self._loop, Place("127.0.0.1", served.ports[mac]), access)

    def by_hand(self, mac: str, *lines: str, log: str = "by hand") -> None:
        """Set lines, committed by that person."""
        session = self.session(mac)
        load = etree.Element("load-configuration", action="set", format="text")
        etree.SubElement(load, "configuration-set").text = "\n".join(lines)
        session.rpc(load)
        commit = etree.Element("commit-configuration")
        etree.SubElement(commit, "log").text = log
        session.rpc(commit)
        session.close()

    def lines(self, mac: str) -> set[str]:
        """What a box has, as set lines."""
        return set(self.set_lines(mac))

    def set_lines(self, mac: str) -> list[str]:
        """The same, in order."""
        session = self.session(mac)
        found = session.rpc(etree.Element("get-configuration", database="committed", format="set"))
        session.close()
        return list(next(found.all("configuration-set")).text.strip().splitlines())  # type: ignore[union-attr]

    def commits(self, mac: str) -> list[str]:
        """The logs of a box's commits, the oldest first."""
        session = self.session(mac)
        found = session.rpc(etree.Element("get-commit-information"))
        session.close()
        return [next((c.text or "" for c in one if etree.QName(c).localname == "log"), "")
                for one in found.all("commit-history")][::-1]  # fmt: skip

    def close(self) -> None:
        """End what was started."""
        if self._loop is not None:
            self._loop.stop()
        if self._served is not None:
            self._served[0].stop()
