"""An authority of many routers is read with four calls, and planned in time that grows with their number."""

import copy
import json
from typing import Any

import attrs
import httpx
import pytest

from haplan.contracts import Part, Query, Target, Task
from haplan.design import resources
from haplan.model.document import Document
from haplan.model.plan import Action, Change, Placement, Transaction
from haplan.model.state import Row
from haplan.model.value import encode
from haplan.testing import FakeClock, context
from haplan_ssr.client import Client
from haplan_ssr.config import Access, SsrConfig
from haplan_ssr.estate import Estate
from haplan_ssr.provider import SsrProvider
from haplan_ssr.rules import tree_of
from haplan_ssr.translate import translate, tree
from haplan_ssr.translate.edits import edits, outcome
from haplan_ssr.write.scope import refuse_moved, scope
from haplan_ssr.write.sending import batches
from tests.mixed import mixed
from tests.ssr.conftest import Design


@attrs.define
class Authority:
    """A conductor that has all of a design in it, and the rows of a state that says so."""

    provider: SsrProvider
    rows: dict[str, Row]
    calls: list[str]

    def query(self, **more: Any) -> Query:
        """Everything, as recorded."""
        targets = tuple(
            Target(
                address=row.address,
                type=row.type,
                name=row.name,
                id=row.id,
                owner=row.owner,
                values=row.values,
                row=row,
            )
            for row in self.rows.values()
        )
        return Query(targets=targets, recorded=self.rows, **more)


def authority(design: Design, routers: int) -> Authority:
    for number in mixed(routers - 2):
        nodes = {f"02{number:09x}{node}": {"asset_id": f"A{number}-{node}"} for node in (0, 1)}
        design.add(f"cluster.c{number}", {**design.values("cluster.spoke"), "nodes": nodes})
    body = json.dumps(tree_of(translate(design.pieces())))
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(f"{request.method} {request.url.path}")
        if request.url.path.endswith("/login"):
            return httpx.Response(200, json={"token": "t"})
        if request.url.path.endswith("/system"):
            return httpx.Response(200, json={"router": "conductor", "softwareVersion": "6.3.0-1"})
        if request.url.path.endswith("/asset"):
            return httpx.Response(200, json=[{"assetId": f"A{n}-{i}"} for n in range(routers) for i in (0, 1)])
        return httpx.Response(200, content=body)

    client = Client(
        Access(url="https://c", username="u", password="p"), FakeClock(), transport=httpx.MockTransport(answer)
    )
    provider = SsrProvider(Estate(client, FakeClock()), SsrConfig(), context(FakeClock()))
    rows = {
        one.address: Row(
            address=one.address,
            type=one.type,
            provider="ssr",
            id=one.name,
            name=one.name,
            owner=one.owner,
            values=encode(one.values),
            declared=tuple(one.values),
        )
        for one in design.pieces()
    }
    return Authority(provider, rows, calls)


def test_a_thousand_routers_are_read_with_four_calls_and_are_as_recorded(design: Design) -> None:
    found = authority(design, 1000)
    assert found.provider.identity() == {"kind": "ssr authority", "id": "authority/conductor", "name": "authority"}
    reading = found.provider.read(found.query())
    assert sorted(found.calls) == [
        "GET /api/v1/asset", "GET /api/v1/config/running/", "GET /api/v1/system", "POST /api/v1/login",
    ]  # fmt: skip
    assert set(reading.seen) == set(found.rows)
    for address, seen in reading.seen.items():
        values = found.rows[address].values
        assert {name: seen.values[name] for name in values} == values
    assert reading.unowned == {Document("", "authority"): ()}


def test_pairs_cost_one_look_at_the_assets_however_many_there_are(design: Design) -> None:
    found = authority(design, 100)
    found.provider.identity()
    new = Target(
        address="cluster.new", type="cluster", name="new", values={"nodes": {"02aa": {"asset_id": "A7-0"}, "02ab": {}}}
    )
    asked = attrs.evolve(found.query(), targets=(*found.query().targets, new))
    look = found.provider.read(asked).look
    assert found.calls.count("GET /api/v1/asset") == 1
    facts = found.provider.facts(asked.targets, look)
    assert facts["cluster.new"]["nodes"]["02aa"]["known"]
    assert found.calls.count("GET /api/v1/asset") == 1


def test_the_work_of_a_refresh_grows_with_the_number_of_routers_and_not_with_its_square(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counted in Python function calls: a clock would measure the machine."""
    import sys

    def calls(routers: int) -> int:
        found, counted = authority(Design(), routers), 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal counted
            counted += event == "call"

        sys.setprofile(count)
        try:
            found.provider.read(found.query())
        finally:
            sys.setprofile(None)
        return counted

    one, two, three = calls(20), calls(40), calls(60)
    assert three - two == pytest.approx(two - one, rel=0.02)


@pytest.mark.parametrize("routers", [100, pytest.param(1000, marks=pytest.mark.deep)])
def test_a_change_of_a_template_is_few_calls_and_leaves_what_others_changed_in_many_routers(
    design: Design, routers: int
) -> None:
    found = authority(design, routers)
    known = resources.recorded(found.rows)
    template = known["wan_edge_template.t"]
    values = copy.deepcopy(dict(template.values))
    values["interfaces"]["wan0"]["mtu"] = 1400
    before = translate(known.values())
    after = translate({**known, template.address: attrs.evolve(template, values=values)}.values())
    change = Change(address=template.address, type=template.type, name=template.name, provider="ssr",
                    action=Action.UPDATE, before=template.values, after=values)  # fmt: skip
    task = Task(transaction=Transaction(id="1", stage=1, provider="ssr", document=Document("", "authority"), placed=()),
                parts=(Part(change, Placement(document=Document("", "authority"))),))  # fmt: skip
    live = {path: "deny" if path[-1] == "permission" else value for path, value in before.flat().items()}
    about = scope(task, before, after)
    refuse_moved(task, about, before, after, live)
    owned, wanted = ({path: one for path, one in side.flat().items() if path in about} for side in (before, after))
    made = outcome(live, owned, wanted, {})
    assert {value for path, value in made.items() if path[-1] == "permission"} == {"deny"}
    assert sum(path[-1] == "mtu" for path in made) == routers - 1
    assert len(list(batches(edits(live, made)))) <= -(-routers // 100)


def test_flat_keeps_what_it_does_not_know(design: Design) -> None:
    read = {"authority": {"name": "x", "ipfixCollector": [{"name": "c"}]}}
    assert tree.flat(read)[*tree.AUTHORITY, "ipfix-collector"] == ({"name": "c"},)
