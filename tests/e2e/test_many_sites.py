"""500 sites with variables: how few calls a plan takes, and that it misses nothing."""

import os
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan import engine
from haplan.contracts import Written
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.plan import Plan
from haplan.model.state import Holder, Run, Update
from haplan.steps.apply.record import row_of
from haplan_mist.lab.estate import put_row
from tests.e2e.world import World, summary
from tests.mixed import mixed

STACK = """
from haplan import provider
from haplan.design import Site

provider("mist")
for number in NUMBERS:
    Site(f"s{number:03}", variables={"VLAN": f"{number}"})
""".replace("NUMBERS", str(mixed(500)))


@pytest.fixture
def world(tmp_path: Path) -> Any:
    """500 sites that are there and recorded, without the thousand writes that made them."""
    (tmp_path / "stack.py").write_text(STACK)
    world = World(tmp_path)
    seed(world)
    record(world)
    yield world
    world.close()


def seed(world: World) -> None:
    org = world.lab.org_id
    with world.lab.estate.write() as tx:
        for number in mixed(500):
            id_, variables = tx.new_id(), {"VLAN": f"{number}"}
            body = {"id": id_, "org_id": org}
            put_row(tx, "site", id_, org, {**body, "name": f"s{number:03}"})
            put_row(tx, "site_setting", id_, org, {**body, "site_id": id_, "vars": variables}, site_id=id_)


def record(world: World) -> None:
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        plan = engine.plan(session)
        assert made(plan) <= 525
        state = session.backend
        holder = state.lock(
            Holder(
                id="h",
                who="ana",
                where="here",
                pid=os.getpid(),
                what="apply",
                since=state.now(),
                until=state.now() + 60,
            )
        )
        run = state.begin(Run(id="r1", serial=0, digest="", started=state.now(), who="ana"))
        rows = tuple(row_of(change, Written(), None, "ok", run.serial) for change in plan.changes)
        expected = {(row.address, ""): 0 for row in rows}
        state.save(Update(run=run.id, rows=rows, expected=expected, memories=plan.memories))
        state.end(attrs.evolve(run, ended=state.now(), result="done"))
        state.unlock(holder.id)


def made(plan: Plan) -> int:
    return sum(calls.made for calls in plan.calls)


def test_a_warm_plan_after_a_portal_edit_takes_under_25_calls(world: World) -> None:
    site = world.named("/orgs/{org}/sites", "s007", limit=1000)
    world.put(f"/sites/{site['id']}/setting", {"vars": {"VLAN": "changed"}})
    plan = world.plan()
    assert made(plan) < 25
    assert summary(plan) == {"site.s007": "update"}
    assert plan.drift[0].who


def test_a_gap_in_the_audit_log_makes_it_read_everything(world: World) -> None:
    site = world.named("/orgs/{org}/sites", "s007", limit=1000)
    world.put(f"/sites/{site['id']}", {"address": "1 Main Street"})
    world.lab.clock.sleep(600)
    # the next plan that is remembered has that entry as its anchor
    world.edit("stack.py", 'provider("mist")', 'provider("mist")\nSite("one-more")')
    assert world.apply().exit_code == 0
    world.put(f"/sites/{site['id']}/setting", {"vars": {"VLAN": "changed"}})
    with world.lab.estate.write() as tx:
        tx.run("delete from logs")
    plan = world.plan()
    assert 500 < made(plan) <= 525
    assert summary(plan) == {"site.s007": "update"}
    assert any("gap" in note for note in plan.notes)
