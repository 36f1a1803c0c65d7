"""Commits: checked, timed, numbered, and never in somebody else's way."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from haplan_srx.lab import Fault, Lab, Settings
from tests.srx_lab.conftest import NODE0, NODE1, Bench, devices, load, texts

HUGO = load("set system host-name hugo")
CONFIRMED = "<commit-configuration><confirmed/><confirm-timeout>5</confirm-timeout><log>{}</log></commit-configuration>"
PRIVATE = "<open-configuration><private/></open-configuration>"


def name(say: Callable[[str], Any]) -> str:
    return str(say('<get-configuration database="committed"/>').findtext("configuration/system/host-name"))


def history(say: Callable[[str], Any]) -> list[tuple[str, str]]:
    """User and log, the newest first."""
    found = say("<get-commit-information/>").iterfind(".//commit-history")
    return [(one.findtext("user"), one.findtext("log") or "") for one in found]


def messages(reply: etree._Element) -> list[str]:
    return texts(reply, ".//error-message")


# --- Confirmed --------------------------------------------------------------------------------------------------------


def test_an_unconfirmed_commit_is_taken_back_at_its_time_and_dated_so(bench: Bench) -> None:
    say = bench.talk()
    say(HUGO)
    began = bench.lab.clock.now()
    say(CONFIRMED.format("plan 17"))
    bench.lab.clock.sleep(4000)
    assert name(say) == "left"
    assert history(say) == [("root", ""), ("haplan", "plan 17"), ("root", "")]
    newest = say("<get-commit-information/>").find(".//commit-history")
    assert newest.findtext("client") == "other"
    assert int(newest.find("date-time").get("seconds")) - began == pytest.approx(300, abs=5)


def test_the_standard_commit_counts_in_seconds(bench: Bench) -> None:
    say = bench.talk()
    say(HUGO)
    say("<commit><confirmed/><confirm-timeout>120</confirm-timeout></commit>")
    bench.lab.clock.sleep(119)
    assert name(say) == "hugo"
    bench.lab.clock.sleep(2)
    assert name(say) == "left"


def test_any_later_commit_confirms_also_another_users(bench: Bench) -> None:
    say = bench.talk()
    say(HUGO)
    say(CONFIRMED.format("plan 17"))
    bench.rpc("<commit-configuration/>", user="pat")
    bench.lab.clock.sleep(4000)
    assert name(say) == "hugo"
    assert [user for user, _ in history(say)] == ["pat", "haplan", "root"]


@pytest.mark.parametrize(("confirms", "result"), [(True, "hugo"), (False, "left")])
def test_whether_a_check_confirms_can_be_switched(bench_of: Callable[..., Bench], confirms: bool, result: str) -> None:
    bench = bench_of(settings=Settings(check_confirms=confirms))
    say = bench.talk()
    say(HUGO)
    say(CONFIRMED.format("plan 17"))
    say("<commit-configuration><check/></commit-configuration>")
    bench.lab.clock.sleep(301)
    assert name(say) == result


def test_a_session_that_ends_takes_nothing_back_unless_told_to(bench_of: Callable[..., Bench]) -> None:
    for number, reverts in enumerate((False, True)):
        bench = bench_of(folder=str(number), settings=Settings(session_end_reverts=reverts))
        say = bench.talk()
        say(HUGO)
        say(CONFIRMED.format("plan 17"))
        with bench.lab.estate.read() as tx:
            ended = tx.number("select max(id) from sessions")
        bench.lab.router.leave(ended)
        assert name(bench.talk()) == ("left" if reverts else "hugo")


# --- History ----------------------------------------------------------------------------------------------------------


def test_fifty_configurations_are_kept(bench: Bench) -> None:
    say = bench.talk()
    for number in range(55):
        say(load(f"set system host-name n{number}"))
        say("<commit-configuration/>")
    assert len(history(say)) == 50
    assert say('<load-configuration rollback="49"/>').find(".//ok") is not None
    assert say("<get-configuration/>").findtext("configuration/system/host-name") == "n5"
    assert messages(say('<load-configuration rollback="50"/>')) == ["Value 50 is not within range (0..49)"]


def test_a_refused_commit_leaves_no_trace(bench: Bench) -> None:
    say = bench.talk()
    say(load("set interfaces reth0 redundant-ether-options redundancy-group 1"))
    reply = say("<commit-configuration/>")
    assert messages(reply) == ["A redundancy group should be defined", "configuration check-out failed"]
    assert texts(reply, ".//error-path") == ["[edit interfaces reth0 redundant-ether-options]"]
    assert reply.find(".//ok") is None
    assert len(history(say)) == 1


# --- Others -----------------------------------------------------------------------------------------------------------


def test_a_private_copy_is_seen_by_nobody_else_and_goes_with_its_session(bench: Bench) -> None:
    mine, other = bench.talk(), bench.talk(user="pat")
    reply = mine(PRIVATE)
    assert (messages(reply), reply.find("ok") is not None) == (["uncommitted changes will be discarded on exit"], True)
    mine(HUGO)
    assert other("<get-configuration/>").findtext("configuration/system/host-name") == "left"
    mine("<close-configuration/>")
    assert mine("<get-configuration/>").findtext("configuration/system/host-name") == "left"


def test_a_private_commit_stops_at_somebody_elses_changes_and_the_status_names_who(bench: Bench) -> None:
    other, mine = bench.talk(user="pat"), bench.talk()
    other(load("set system domain-name example.net"))
    mine(PRIVATE)
    mine(HUGO)
    assert messages(mine("<commit-configuration/>"))[0].startswith("shared configuration database modified")
    assert texts(mine("<get-configuration-database-status/>"), ".//user") == ["pat", "haplan"]
    other("<discard-changes/>")
    assert mine("<commit-configuration/>").find("ok") is not None


def test_a_private_commit_stops_at_a_lock(bench: Bench) -> None:
    other, mine = bench.talk(user="pat"), bench.talk()
    mine(PRIVATE)
    mine(HUGO)
    other("<lock><target><candidate/></target></lock>")
    refused = mine("<commit-configuration/>")
    assert texts(refused, ".//error-tag") == ["lock-denied"]
    assert "pat" in messages(refused)[0]


def test_a_lock_is_refused_while_the_candidate_has_changes(bench: Bench) -> None:
    bench.talk(user="pat")(load("set system domain-name example.net"))
    assert messages(bench.rpc("<lock-configuration/>")) == ["configuration database modified"]


def test_changes_without_a_lock_stay_and_go_with_the_next_commit(bench: Bench) -> None:
    bench.rpc(HUGO)
    bench.rpc("<commit-configuration/>", user="pat")
    assert name(bench.talk()) == "hugo"


def test_a_lock_ends_with_its_session_and_takes_its_changes_along(bench: Bench) -> None:
    session = bench.ncclient()
    session.lock("candidate")
    session.load_configuration(action="set", config="set system host-name hugo")
    assert messages(bench.rpc("<lock-configuration/>"))[0].startswith("configuration database locked by:")
    session.close_session()
    say = bench.talk()
    assert say("<lock-configuration/>").find("ok") is not None
    assert say("<get-configuration/>").findtext("configuration/system/host-name") == "left"


def test_a_killed_session_loses_its_lock(bench: Bench) -> None:
    held, mine = bench.talk(user="pat"), bench.talk()
    held("<lock-configuration/>")
    number = texts(mine("<get-configuration-database-status/>"), ".//pid")[0]
    assert mine(f"<kill-session><session-id>{number}</session-id></kill-session>").find("ok") is not None
    assert mine("<lock-configuration/>").find("ok") is not None
    assert held("<get-configuration/>") is None


@pytest.mark.parametrize("merges", [True, False])
def test_two_private_commits_do_not_overwrite_each_other(bench_of: Callable[..., Bench], merges: bool) -> None:
    bench = bench_of(settings=Settings(private_merges=merges))
    first, second = bench.talk(), bench.talk(user="pat")
    first(PRIVATE)
    second(PRIVATE)
    first(HUGO)
    second(load("set system domain-name example.net"))
    assert first("<commit-configuration/>").find("ok") is not None
    said = messages(second("<commit-configuration/>"))
    assert [one.startswith("configuration was changed by another commit since") for one in said] == [True] * (
        not merges
    )
    found = first('<get-configuration database="committed"/>').findtext(".//domain-name")
    assert (name(first), found) == ("hugo", "example.net" if merges else None)


# --- Sessions that are lost -------------------------------------------------------------------------------------------


def test_a_commit_outlives_its_session(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(faults=(Fault(on="commit-configuration", outlives=40),))
    say = bench.talk()
    say(HUGO)
    assert say("<commit-configuration><log>plan 17</log></commit-configuration>") is None
    again = bench.talk()
    assert name(again) == "left"
    assert messages(again("<commit-configuration/>")) == ["another commit is in progress"]
    bench.lab.clock.sleep(41)
    assert name(again) == "hugo"
    assert history(again)[0] == ("haplan", "plan 17")


def test_a_wrong_commit_does_not_happen_later_either(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(faults=(Fault(on="commit-configuration", outlives=40),))
    say = bench.talk()
    say(load("set interfaces reth0 redundant-ether-options redundancy-group 1"))
    assert say("<commit-configuration/>") is None
    bench.lab.clock.sleep(41)
    assert len(history(bench.talk())) == 1


@pytest.mark.parametrize(("when", "result"), [("before", "left"), ("after", "hugo")])
def test_a_session_that_drops_tells_nothing_of_the_outcome(
    bench_of: Callable[..., Bench], when: str, result: str
) -> None:
    bench = bench_of(faults=(Fault(on="commit-configuration", drop=when),))
    say = bench.talk()
    say(HUGO)
    assert say("<commit-configuration/>") is None
    assert name(bench.talk()) == result


def test_what_was_answered_survives_the_death_of_the_process(bench: Bench) -> None:
    """Another process serves the same estate, takes a lock, commits, and is killed."""
    folder = bench.lab.estate.folder
    before = set(folder.glob("srx_known_hosts.*"))
    script = f"""
import sys; from pathlib import Path
from haplan_srx.lab import Lab
lab = Lab(Path({str(folder)!r})); lab.start()
number = lab.router.greet({NODE0!r}, "pat")[0]
for op in ({HUGO!r}, "<commit-configuration/>", "<lock-configuration/>"):
    reply, _ = lab.router.answer(number, f"<rpc>{{op}}</rpc>".encode()); assert "rpc-error" not in reply, reply
print("done", flush=True); sys.stdin.read()
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "done\n"
    say = bench.talk()
    assert name(say) == "hugo"
    assert messages(say("<lock-configuration/>"))[0].startswith("configuration database locked by:")
    child.kill()
    child.communicate()
    deadline = time.monotonic() + 10
    while say("<lock-configuration/>").find("ok") is None:
        assert time.monotonic() < deadline
    assert name(say) == "hugo"
    with Lab(folder) as next_one:
        mine = next_one.start().known_hosts
        assert set(folder.glob("srx_known_hosts.*")) == {*before, mine}  # that of the killed one is gone


# --- In a cluster -----------------------------------------------------------------------------------------------------


def test_each_node_tells_its_part(bench: Bench) -> None:
    bench.form()
    say = bench.talk()
    say(HUGO)
    engines = say("<commit-configuration/>").findall("commit-results/routing-engine")
    assert [(one.findtext("name"), one[-1].tag) for one in engines] == [
        ("node0", "commit-check-success"), ("node1", "commit-success"), ("node0", "commit-success"),
    ]  # fmt: skip


def test_a_commit_without_the_other_node_is_a_warning(bench: Bench) -> None:
    bench.form()
    bench.lab.power(NODE1, on=False)
    say = bench.talk()
    say(HUGO)
    reply = say("<commit-configuration/>")
    assert reply.find("ok") is not None
    assert texts(reply, ".//error-severity") == ["warning"]
    assert name(say) == "hugo"


def test_the_secondary_takes_no_configuration(bench: Bench) -> None:
    bench.form()
    say = bench.talk(NODE1)
    for op in (HUGO, PRIVATE, "<lock-configuration/>", "<commit-configuration/>"):
        assert messages(say(op)) == ["configuration is not allowed on the secondary node"]
    assert name(say) == "left"


def test_the_standard_validate_lacks_an_end_tag_where_it_was_seen_to(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(devices(rfc_compliant=True))
    bench.form()
    number = bench.lab.router.greet(NODE0, "haplan")[0]  # type: ignore[index]
    reply, _ = bench.lab.router.answer(number, b"<rpc><validate><source><candidate/></source></validate></rpc>")
    assert reply is not None
    assert "<routing-engine" in reply
    assert "</routing-engine>" not in reply
    assert "<nc:ok/>" in reply
