"""One candidate, one validate, one commit: what goes wrong before it changes nothing; after it, it is known."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from haplan import engine
from haplan.errors import HaplanError
from haplan.model.plan import Action
from tests.ssr_e2e.world import World, without_generated

Make = Callable[..., World]
ROOT = Path(__file__).parent.parent.parent


def names(authority: Mapping[str, Any], kind: str) -> list[str]:
    """Names of the entries of a list."""
    return [str(one["name"]) for one in authority.get(kind, ())]


def test_a_change_is_one_commit_and_the_next_plan_is_empty(pair: Make) -> None:
    world = pair()
    assert world.apply().exit_code == 0
    before = world.calls("POST /config/commit")

    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    world.edit("stack.py", '"192.0.2.10"', '"192.0.2.11"')
    plan = world.plan()
    assert [change.address for change in plan.changes] == ["site.branch", "network.guest"]
    assert len(plan.transactions) == 1
    assert world.apply(plan).exit_code == 0

    assert world.calls("POST /config/commit")["POST /config/commit"] - before["POST /config/commit"] == 1
    interfaces = {
        interface["name"]: interface
        for node in world.router("branch")["node"]
        for device in node["device-interface"]
        for interface in device["network-interface"]
    }
    assert interfaces["guest"]["vlan"] == 2100
    assert [address["ip-address"] for address in interfaces["wan1"]["address"]] == ["192.0.2.11"]
    assert world.plan().empty()


def test_a_plan_reads_the_tree_once(pair: Make) -> None:
    world = pair()
    world.apply()
    before = sum(world.calls().values())
    plan = world.plan()
    assert sum(world.calls().values()) - before - 1 <= 4  # the look at the calls is not counted, this client's is
    assert plan.calls[0].made == 4


def test_what_leaves_the_stack_leaves_the_conductor_leaf_by_leaf(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", ", vlan_id=2099", "")
    world.edit("stack.py", '"9.9.9.9/32"', '"9.9.9.8/32"')
    assert world.apply().exit_code == 0
    (lan,) = [d for d in world.router("branch")["node"][0]["device-interface"] if d["name"] == "ge-0-3"]
    assert "vlan" not in lan["network-interface"][0]
    assert sorted(world.service("names")["address"]) == ["8.8.8.8/32", "9.9.9.8/32"]
    assert world.plan().empty()


def test_the_order_of_policies_means_nothing(pair: Make) -> None:
    world = pair()
    world.apply()
    text = (world.folder / "stack.py").read_text()
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("Policy("))
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    (world.folder / "stack.py").write_text("\n".join(lines))
    assert world.plan().empty()


def test_what_others_put_beside_ours_stays_and_is_told(pair: Make) -> None:
    world = pair()
    world.apply()
    world.change("POST", "/authority/tenant", {"name": "theirs"}, commit=False)
    world.change("POST", "/authority/service/internet/access-policy", {"source": "theirs", "permission": "deny"})
    plan = world.plan()
    assert plan.empty()
    assert "service internet access-policy theirs is not in the stack" in plan.notes
    world.edit("stack.py", "applications=[anything]", "applications=[anything, dns]")
    world.edit("stack.py", 'Policy("names"', '# Policy("names"')
    assert world.apply().exit_code == 0
    world.edit("stack.py", "applications=[anything, dns]", "applications=[anything]")
    assert world.apply().exit_code == 0
    assert "theirs" in names(world.running(), "tenant")


def test_what_was_there_before_is_given_back(pair: Make) -> None:
    world = pair()
    world.change("PATCH", "/authority/security/internal", {"hmac-mode": "regular"}, commit=False)
    world.change(
        "POST", "/authority/router", {"name": "branch", "inter-node-security": "internal", "location": "the attic"}
    )
    found = without_generated(world.running())
    plan = world.plan()
    assert {change.address: change.why for change in plan.changes}["cluster.branch"] == "taken over"
    assert world.apply(plan).exit_code == 0
    assert world.router("branch")["location"] == "1 Main St"
    assert world.destroy().exit_code == 0
    assert without_generated(world.running()) == found


def test_an_object_of_a_name_that_is_not_in_state_is_not_taken(pair: Make) -> None:
    world = pair()
    world.change("POST", "/authority/tenant", {"name": "guest"})
    with world.session() as session:
        plan = engine.plan(session)
    assert [(f.rule, f.address) for f in plan.findings if f.severity == "error"] == [("EXISTS", "network.guest")]


def test_an_import_takes_an_object_by_its_own_name_and_no_other_word(pair: Make) -> None:
    world = pair()
    assert world.apply(state=f"sqlite:///{world.folder}/other.db").exit_code == 0
    for address in ("network.guest", "cluster.branch", "steering.edge.out", "policy.edge.names", "application.dns"):
        with (
            world.session() as session,
            pytest.raises(HaplanError, match=f"{address}: there is no such object with id"),
        ):
            engine.import_(session, address, "nonsense")
    for address, name in (("network.guest", "guest"), ("cluster.branch", "branch")):
        with world.session() as session:
            plan = engine.import_(session, address, name)
        assert [(one.address, one.action, one.id) for one in plan.changes] == [(address, Action.IMPORT, name)]


@pytest.mark.parametrize("name", ["guest", "nonsense"])
def test_a_block_that_imports_says_which_object_it_did_not_find(pair: Make, name: str) -> None:
    world = pair()
    world.change("POST", "/authority/tenant", {"name": "guest"})
    world.edit("stack.py", "site = Site", f'imported("network.guest", "{name}")\nsite = Site')
    missing = [one.message for one in world.plan().findings if one.rule == "MISSING"]
    assert missing == ([] if name == "guest" else ["imported: there is no network with id nonsense"])


# --- Before the commit ------------------------------------------------------------------------------------------------

SHARED = '[settings]\ncandidate = "shared"\nversion = "5.5.0"\n'


def test_uncommitted_changes_of_somebody_stop_the_apply_and_stay(pair: Make) -> None:
    world = pair(SHARED)
    world.change("POST", "/authority/tenant", {"name": "theirs"}, commit=False)
    result = world.apply()
    assert result.exit_code == 1
    assert "the candidate holds uncommitted changes" in result.failed[0].text
    assert "tenant theirs" in result.failed[0].text
    assert world.is_dirty()
    assert "branch" not in names(world.running(), "router")


def test_they_are_thrown_away_only_where_that_was_asked_for(pair: Make) -> None:
    world = pair(SHARED, settings=", discard_candidate=True")
    world.change("POST", "/authority/tenant", {"name": "theirs"}, commit=False)
    assert world.apply().exit_code == 0
    assert any("reverted" in line and "tenant theirs" in line for line in world.told())
    assert "theirs" not in names(world.running(), "tenant")


def test_somebodys_edits_in_the_middle_of_ours_are_neither_committed_nor_lost(
    pair: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haplan_ssr.client import Client

    world = pair(SHARED)
    validate = Client.validate

    def and_somebody_edits(self: Client) -> object:
        world.change("POST", "/authority/tenant", {"name": "theirs"}, commit=False)
        return validate(self)

    monkeypatch.setattr(Client, "validate", and_somebody_edits)
    result = world.apply()
    assert result.exit_code == 3
    assert "tenant theirs" in result.failed[0].text
    assert "was not committed" in result.failed[0].text
    candidate = world.client().get("/config/candidate/").json()["authority"]
    assert names(candidate, "tenant") == ["theirs"]
    assert "branch" not in names(candidate, "router")
    assert "branch" not in names(world.running(), "router")


def test_per_user_candidates_do_not_meet(pair: Make) -> None:
    world = pair()
    world.change("POST", "/authority/tenant", {"name": "theirs"}, commit=False)
    assert world.apply().exit_code == 0
    assert "theirs" not in names(world.running(), "tenant")
    assert world.is_dirty("pat")


def test_nothing_changes_if_validation_fails_and_the_message_names_the_resource(pair: Make) -> None:
    world = pair(settings=', sync="10.9.9.0/30"')
    world.apply()
    found = without_generated(world.running())
    message = "Interface must belong to the corresponding node"
    world.fault(on="POST /config/validate", status=200, body=[{"message": message}])
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    result = world.apply()
    assert result.exit_code == 3
    assert "does not accept it, nothing was committed" in result.failed[0].text
    assert message in result.failed[0].text
    assert not world.is_dirty()
    assert without_generated(world.running()) == found
    assert world.apply().exit_code == 0


def test_an_edit_that_is_refused_gives_the_candidate_up(pair: Make) -> None:
    older = '[settings]\nversion = "6.2.5-1"\n'  # each edit is a call of its own there
    world = pair(
        older
        + '[[fault]]\non = "POST /config/candidate/authority/service"\nstatus = 500\nbody = "disk full"\ntimes = 0\n'
    )
    result = world.apply()
    assert result.exit_code == 3
    assert "policy.edge.internet" in result.failed[0].text
    assert "disk full" in result.failed[0].text
    assert not world.is_dirty()
    world.misbehave(older)
    world.misbehave(older)
    assert world.apply().exit_code == 0


def test_a_conflicting_commit_of_somebody_is_stale_and_nothing_of_ours_is_left(
    pair: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haplan_ssr.client import Client

    world = pair()
    world.apply()
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    validate = Client.validate

    def and_somebody_commits(self: Client) -> object:
        path = "/authority/router/branch/node/node0/device-interface/ge-0-3/network-interface/guest"
        world.change("PATCH", path, {"vlan": 7}, commit=False)
        world.change("PATCH", path.replace("node0", "node1"), {"vlan": 7})
        return validate(self)

    monkeypatch.setattr(Client, "validate", and_somebody_commits)
    result = world.apply()
    assert result.exit_code == 5
    assert "another user has committed conflicting changes" in result.failed[0].text
    assert not world.is_dirty()
    monkeypatch.undo()
    assert world.plan().drift[0].address == "network.guest"
    assert world.apply().exit_code == 0
    assert world.plan().empty()


# --- Killed, cut off --------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from haplan_ssr.client import Client

def die(self):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(self):
    commit(self)
    os.kill(os.getpid(), signal.SIGKILL)

commit, Client.commit = Client.commit, {"before": die, "after": then_die}[sys.argv[1]]
from haplan.cli.main import run
run(["apply", sys.argv[2], "--lab", "--auto-approve"])
"""


def kill(world: World, when: str) -> None:
    """An apply in a process of its own that dies at the commit."""
    command = [sys.executable, "-c", KILLED, when, str(world.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def test_killed_between_validate_and_commit_the_next_apply_converges(pair: Make) -> None:
    world = pair()
    found = without_generated(world.running())
    kill(world, "before")
    assert world.is_dirty()
    assert without_generated(world.running()) == found
    assert world.plan().count(Action.CREATE) == 10

    assert world.apply(lock_timeout=0).exit_code == 0
    assert any("all of it is in this plan" in line for line in world.told())
    assert world.plan().empty()
    assert world.destroy().exit_code == 0
    assert without_generated(world.running()) == found


def test_killed_before_the_commit_and_the_stack_changed_since_it_stops_and_says_so(pair: Make) -> None:
    world = pair()
    kill(world, "before")
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    result = world.apply()
    assert result.exit_code == 1
    assert "interrupted apply of another plan" in result.failed[0].text
    world.edit("stack.py", "vlan_id=2100", "vlan_id=2099")
    assert world.apply().exit_code == 0


def test_killed_before_the_commit_nobody_elses_changes_are_committed_with_ours(pair: Make) -> None:
    world = pair(SHARED)
    kill(world, "before")
    world.change("POST", "/authority/tenant", {"name": "theirs"}, commit=False)
    result = world.apply()
    assert result.exit_code == 1
    assert "tenant theirs" in result.failed[0].text
    assert "theirs" not in names(world.running(), "tenant")


def test_killed_after_the_commit_the_next_apply_finds_all_of_it(pair: Make) -> None:
    world = pair()
    found = without_generated(world.running())
    kill(world, "after")
    before = world.calls("POST /config/commit")["POST /config/commit"]
    plan = world.plan()
    assert plan.change("cluster.branch") is not None
    assert {change.why for change in plan.changes if change.type in ("cluster", "network", "policy", "steering")} == {
        "resume"
    }
    assert world.apply(plan).exit_code == 0
    assert world.calls("POST /config/commit")["POST /config/commit"] == before
    assert world.plan().empty()
    assert world.destroy().exit_code == 0
    assert without_generated(world.running()) == found


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_cut_during_the_commit_converges_in_the_same_run(pair: Make, when: str) -> None:
    world = pair(f'[[fault]]\non = "POST /config/commit"\ndrop = "{when}"\n')
    result = world.apply()
    assert result.exit_code == 0
    commits = world.calls("POST /config/commit")["POST /config/commit"]
    assert commits == (2 if when == "before" else 1)
    assert world.plan().empty()


def test_a_commit_that_nobody_can_tell_of_is_in_doubt_and_the_next_apply_converges(pair: Make) -> None:
    world = pair('[[fault]]\non = "POST /config/commit"\ndrop = "before"\ntimes = 2\n')
    result = world.apply()
    assert result.exit_code == 8
    assert "not known whether it was committed" in result.in_doubt[0].text
    assert world.apply().exit_code == 0
    assert world.plan().empty()


def test_a_cut_commit_is_not_repeated_over_somebody_elses_edits(pair: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from haplan_ssr.client import Client

    world = pair(SHARED + '[[fault]]\non = "POST /config/commit"\ndrop = "before"\n')
    commit = Client.commit

    def and_somebody_edits(self: Client) -> object:
        monkeypatch.setattr(Client, "commit", commit)
        world.change("POST", "/authority/tenant", {"name": "theirs"}, commit=False)
        return commit(self)

    monkeypatch.setattr(Client, "commit", and_somebody_edits)
    result = world.apply()
    assert result.exit_code == 8
    assert world.calls("POST /config/commit") == {"POST /config/commit": 1}
    assert "theirs" not in names(world.running(), "tenant")


def test_a_token_that_runs_out_is_renewed(pair: Make) -> None:
    world = pair('[[fault]]\non = "POST /config/validate"\nexpire = true\n')
    assert world.apply().exit_code == 0
    assert world.calls("POST /login")["POST /login"] >= 2


def test_a_plan_file_is_applied_by_another_process_as_it_was_approved(pair: Make, tmp_path: Path) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    file = tmp_path / "a.plan"
    with world.session() as session:
        engine.write_plan(session, engine.plan(session), file)
    session, plan = engine.open_plan(file, environ={})
    with session:
        assert engine.apply(session, plan).exit_code == 0
    assert world.plan().empty()


def test_a_plan_is_refused_once_what_it_is_about_has_moved(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    plan = world.plan()
    world.change("PATCH", "/authority/service-policy/out/vector/wan1", {"priority": 7}, commit=False)
    world.change("DELETE", "/authority/tenant/guest", commit=False)
    world.client().post("/config/revertToRunning", json={})
    path = "/authority/router/branch/node/node0/device-interface/ge-0-3/network-interface/guest"
    world.change("PATCH", path, {"vlan": 7}, commit=False)
    world.change("PATCH", path.replace("node0", "node1"), {"vlan": 7})
    result = world.apply(plan)
    assert result.exit_code == 5
    assert "network.guest: vlan_id changed since the plan" in result.failed[0].text


def test_only_the_targeted_resource_is_written(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    world.edit("stack.py", '"192.0.2.10"', '"192.0.2.11"')
    assert world.apply(targets=("network.guest",)).exit_code == 0
    assert [change.address for change in world.plan().changes] == ["site.branch"]
