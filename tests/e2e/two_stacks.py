"""Two stacks, each with a state of its own, in one simulated organisation; and a person at its portal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haplan import engine
from haplan.host.options import Options, sorted_out
from haplan.host.session import Session, open_session
from haplan.model.finding import Finding
from haplan.model.plan import Plan
from tests.e2e.world import World

HEAD = """
from haplan import provider, imported, secret
from haplan.design import Application, Cluster, HubProfile, Network, Overlay, Policy, Site, Steering, WanEdgeTemplate
from haplan.design import dhcp, ha_fabric, ha_sync, lan, static, wan

provider("mist")
"""
LINKS = 'ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")'


class Half(World):
    """One of the stacks: a file of its own, in the folder of the other."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self.file, self.state = folder / f"{name}.py", f"sqlite:///{folder / name}.db"

    def says(self, *lines: str) -> None:
        """What the stack has from now on."""
        self.file.write_text("\n".join((HEAD, *lines, "")))

    def session(self, **options: Any) -> Session:
        self.events = []
        opening = Options(lab=True, **{"state": self.state, **options})
        return open_session(self.file, opening, observers=[self.events.append], environ={})

    def applies(self, *lines: str) -> Plan:
        """The stack says this, and it is carried out; the next plan has nothing to do."""
        if lines:
            self.says(*lines)
        plan = self.plan()
        with self.session() as session:
            result = engine.apply(session, plan)
        assert (result.exit_code, result.failed) == (0, ())
        again = self.plan()
        assert ([change.address for change in again.changes], again.drift) == ([], ())
        return plan

    def imports(self, address: str, name: str, path: str, **query: Any) -> Plan:
        """Take an object of the organisation into this stack's state, as it is."""
        id_ = str(self.named(path, name, **query)["id"])
        opening, _ = sorted_out({})
        with self.session(**opening) as session:
            plan = engine.import_(session, address, id_)
            assert engine.apply(session, plan).exit_code == 0
        return plan

    def quiet(self) -> None:
        """The stack has nothing to do and sees no drift."""
        plan = self.plan()
        assert ([change.address for change in plan.changes], plan.drift) == ([], ())


def of(rule: str, plan: Plan) -> Sequence[Finding]:
    """What one rule found."""
    return [finding for finding in plan.findings if finding.rule == rule]
