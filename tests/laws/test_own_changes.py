"""A write carries the changes of its plan and nothing else, on all providers: what others changed meanwhile is left."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.testing import OwnChangesContract, Project
from tests.e2e.world import World as MistWorld
from tests.one_site_text import text_of
from tests.srx_e2e.world import World as SrxWorld
from tests.ssr_e2e.world import World as SsrWorld

CHANGE = ('Policy("middle", template=edge, networks=[office]', 'Policy("middle", template=edge, networks=[guest]')
NODE0 = "020000010000"


class Memory:
    """Things of one group share a document; rules of a thing have an order."""

    target = "mem_thing.a"
    text = (
        'Thing("a", group="g", size=1)\nz = Thing("z", group="g", size=1)\n'
        'Rule("y", thing=z, text="1")\nRule("x", thing=z, text="1")\nRule("w", thing=z, text="1")\n'
    )

    def __init__(self, folder: Path, what: str) -> None:
        self._what = what
        if what != "setting":
            self.target = "mem_rule.z.x"
        told = {"neighbour": "mem_rule.z.w (text by ana)", "order": "order", "setting": "mem_thing.z (size by ana)"}
        self.told = told[what]
        self._made = Project(folder / "stack", self.text)
        assert self._made.apply().exit_code == 0
        old, new = ('"a", group="g", size=1', '"a", group="g", size=2')
        if what != "setting":
            old, new = 'Rule("x", thing=z, text="1")', 'Rule("x", thing=z, text="2")'
        self._made.write(self.text.replace(old, new))

    def plan(self, **options: Any) -> Plan:
        return self._made.plan(**options)

    def apply(self, plan: Plan) -> Result:
        return self._made.apply(plan)

    def meddle(self) -> None:
        cloud = self._made.cloud
        match self._what:
            case "neighbour":
                cloud.edit("w", who="ana", text="9")
            case "order":
                (document,) = cloud.sequences
                cloud.sequences[document] = ["w", "y", "x"]
            case "setting":
                cloud.edit("z", who="ana", size=9)

    def meddled(self) -> bool:
        cloud = self._made.cloud
        match self._what:
            case "neighbour":
                return bool(cloud.thing("w").values["text"] == "9")
            case "order":
                return [*cloud.sequences.values()] == [["w", "y", "x"]]
        return bool(cloud.thing("z").values["size"] == 9)


class Applied:
    """A world of a provider whose stack was applied, with a change of one policy."""

    target = "policy.edge.middle"

    def __init__(self, world: Any, what: str, told: str) -> None:
        self._world, self._what, self.told = world, what, told

    def plan(self, **options: Any) -> Plan:
        found: Plan = self._world.plan(**options)
        return found

    def apply(self, plan: Plan) -> Result:
        found: Result = self._world.apply(plan)
        return found


class Mist(Applied):
    def meddle(self) -> None:
        template = self._world.template("edge")
        path = f"/orgs/{{org}}/gatewaytemplates/{template['id']}"
        policies = template["service_policies"]
        match self._what:
            case "neighbour":
                body = {"service_policies": [{**policies[0], "action": "deny"}, *policies[1:]]}
            case "order":
                body = {"service_policies": [policies[1], policies[0], policies[2]]}
            case "setting":
                template["port_config"]["ge-1/0/0"]["ip_config"]["gateway"] = "198.51.100.9"
                body = {"port_config": template["port_config"]}
        self._world.put(path, body)

    def meddled(self) -> bool:
        template = self._world.template("edge")
        policies = {one["name"]: one for one in template["service_policies"]}
        match self._what:
            case "neighbour":
                return bool(policies["zebra"]["action"] == "deny")
            case "order":
                return [*policies][:2] == ["access", "zebra"]
        return bool(template["port_config"]["ge-1/0/0"]["ip_config"]["gateway"] == "198.51.100.9")


class Ssr(Applied):
    def meddle(self) -> None:
        match self._what:
            case "neighbour":
                path = "/authority/service/zebra/access-policy/office"
                self._world.change("PATCH", path, {"permission": "deny"})
            case "setting":
                self._world.change("PATCH", "/authority/router/branch", {"location": "2 Side St"})

    def meddled(self) -> bool:
        if self._what == "neighbour":
            return bool(self._world.service("zebra")["access-policy"][0]["permission"] == "deny")
        return bool(self._world.router("branch")["location"] == "2 Side St")


class Srx(Applied):
    ZONES = "security policies from-zone office to-zone wan0 policy"

    def meddle(self) -> None:
        match self._what:
            case "neighbour":
                then = f"{self.ZONES} zebra then"
                self._world.by_hand(NODE0, f"set {then} deny", f"delete {then} permit")
            case "order":
                self._world.by_hand(NODE0, f"insert {self.ZONES} access before policy zebra")
            case "setting":
                self._world.by_hand(NODE0, "set system time-zone Europe/Paris")

    def meddled(self) -> bool:
        lines = self._world.set_lines(NODE0)
        match self._what:
            case "neighbour":
                return f"set {self.ZONES} zebra then deny" in lines
            case "order":
                first, second = (f"set {self.ZONES} {name} then permit" for name in ("access", "zebra"))
                return lines.index(first) < lines.index(second)
        return "set system time-zone Europe/Paris" in lines


MAKE: dict[str, Callable[[Path], Any]] = {"mist": MistWorld, "ssr": SsrWorld, "srx": SrxWorld}
WORLDS: dict[str, type[Any]] = {"mist": Mist, "ssr": Ssr, "srx": Srx}
CASES = {
    ("mist", "neighbour"): "policy.edge.zebra (action",
    ("mist", "order"): "the order of policy",
    ("mist", "setting"): "wan_edge_template.edge (interfaces",
    ("ssr", "neighbour"): "policy.edge.zebra (action",
    ("ssr", "setting"): "site.branch (address",
    ("srx", "neighbour"): "policy.edge.zebra (action",
    ("srx", "order"): "the order of policy",
    ("srx", "setting"): "site.branch (timezone",
}
"""Provider and what somebody changes → what is told of it; on a conductor order means nothing."""


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a provider's stack that was applied once, to be copied."""
    done: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in done:
            done[name] = tmp_path_factory.mktemp(name) / "stack"
            done[name].mkdir()
            (done[name] / "stack.py").write_text(text_of(name))
            world = MAKE[name](done[name])
            assert world.apply().exit_code == 0
            world.close()
        return done[name]

    return folder


class TestMemory(OwnChangesContract):
    @pytest.fixture(params=["neighbour", "order", "setting"])
    def world(self, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
        return Memory(tmp_path, request.param)


class TestProviders(OwnChangesContract):
    @pytest.fixture(params=CASES, ids="-".join)
    def world(self, request: pytest.FixtureRequest, applied: Callable[[str], Path], tmp_path: Path) -> Iterator[Any]:
        name, what = request.param
        shutil.copytree(applied(name), tmp_path / "stack")
        world = MAKE[name](tmp_path / "stack")
        stack = tmp_path / "stack" / "stack.py"
        stack.write_text(stack.read_text().replace(*CHANGE))
        yield WORLDS[name](world, what, CASES[request.param])
        world.close()
