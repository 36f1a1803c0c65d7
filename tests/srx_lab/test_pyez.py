"""PyEZ (junos-eznc) from PyPI, unmodified, does its work on a simulated box."""

import pytest
from jnpr.junos import Device as Junos
from jnpr.junos.exception import CommitError, ConfigLoadError, ConnectAuthError, LockError
from jnpr.junos.utils.config import Config

from tests.srx_lab.conftest import NODE0, NODE1, Bench


@pytest.fixture
def dev(bench: Bench) -> Junos:
    return bench.pyez()


def test_facts_are_gathered(dev: Junos) -> None:
    facts = dev.facts
    assert (facts["hostname"], facts["model"], facts["version"]) == ("left", "SRX1500", "24.4R1.9")
    assert facts["serialnumber"] == "DEMOH1A"
    assert facts["srx_cluster"] is False
    assert facts["personality"] == "SRX_MIDRANGE"


@pytest.mark.usefixtures("leaky")
def test_a_wrong_password_is_refused(bench: Bench) -> None:
    with pytest.raises(ConnectAuthError):
        Junos(host="127.0.0.1", port=bench.port(), user="haplan", password="wrong", gather_facts=False).open()


SET = "set system host-name hugo\nset interfaces ge-0/0/3 unit 0 family inet address 10.0.0.1/24"
TEXT = """
system { host-name hugo; }
interfaces { ge-0/0/3 { unit 0 { family inet { address 10.0.0.1/24; } } } }
"""
XML = """
<configuration><system><host-name>hugo</host-name></system><interfaces><interface><name>ge-0/0/3</name>
<unit><name>0</name><family><inet><address><name>10.0.0.1/24</name></address></inet></family></unit>
</interface></interfaces></configuration>
"""
DIFF = """
[edit system]
-  host-name left;
+  host-name hugo;
[edit interfaces]
+   ge-0/0/3 {
+       unit 0 {
+           family inet {
+               address 10.0.0.1/24;
+           }
+       }
+   }
"""


@pytest.mark.parametrize(("form", "body"), [("set", SET), ("text", TEXT), ("xml", XML)])
def test_a_load_in_every_format_gives_the_same_diff(dev: Junos, form: str, body: str) -> None:
    with Config(dev, mode="private") as config:
        config.load(body, format=form, merge=True) if form != "set" else config.load(body, format=form)
        assert config.diff() == DIFF.lstrip()


def test_nothing_loaded_is_no_diff(dev: Junos) -> None:
    assert Config(dev).diff() is None


def test_a_confirmed_commit_goes_back_by_itself(bench: Bench, dev: Junos) -> None:
    with Config(dev, mode="private") as config:
        config.load(SET, format="set")
        assert config.commit_check()
        config.commit(comment="plan 17", confirm=5)
    bench.lab.clock.sleep(299)
    assert host_name(dev) == "hugo"
    bench.lab.clock.sleep(2)
    assert host_name(dev) == "left"
    assert [(user, client, log) for user, client, log in commits(dev)] == [
        ("root", "other", None), ("haplan", "netconf", "plan 17"), ("root", "other", None),
    ]  # fmt: skip


def test_a_second_commit_confirms(bench: Bench, dev: Junos) -> None:
    with Config(dev, mode="exclusive") as config:
        config.load(SET, format="set")
        config.commit(comment="plan 17", confirm=5)
        config.commit()
    bench.lab.clock.sleep(600)
    assert host_name(dev) == "hugo"
    assert len(commits(dev)) == 3


def test_a_rollback_brings_back_what_was(dev: Junos) -> None:
    config = Config(dev)
    config.load("set system host-name hugo", format="set")
    config.commit()
    config.rollback(1)
    assert config.diff() == "[edit system]\n-  host-name hugo;\n+  host-name left;\n"
    config.commit()
    assert host_name(dev) == "left"


def test_a_lock_keeps_others_out_and_says_who_has_it(bench: Bench, dev: Junos) -> None:
    other = bench.pyez(user="pat")
    Config(other).lock()
    with pytest.raises(LockError) as refused:
        Config(dev).lock()
    assert "configuration database locked by:" in str(refused.value)
    assert "pat" in str(refused.value)
    Config(other).unlock()
    other.close()
    Config(dev).lock()


def test_what_the_checks_refuse_is_a_commit_error_with_path_and_reason(dev: Junos) -> None:
    config = Config(dev)
    config.load("set interfaces reth0 redundant-ether-options redundancy-group 1", format="set")
    with pytest.raises(CommitError) as refused:
        config.commit_check()
    assert [(one["edit_path"], one["message"]) for one in refused.value.errs] == [
        ("[edit interfaces reth0 redundant-ether-options]", "A redundancy group should be defined"),
        (None, "configuration check-out failed"),
    ]


def test_facts_of_a_cluster_are_those_of_both_nodes(bench: Bench) -> None:
    bench.form(cluster=5)
    facts = bench.pyez(NODE1).facts
    assert (facts["srx_cluster"], facts["srx_cluster_id"]) == (True, "5")
    assert facts["current_re"] == ["node1"]
    assert bench.pyez(NODE0).facts["current_re"] == ["node0", "primary"]
    group = facts["srx_cluster_redundancy_group"]["0"]
    assert (group["node0"]["status"], group["node1"]["status"]) == ("primary", "secondary")
    assert set(facts["version_info"] and facts["junos_info"]) == {"node0", "node1"}


def test_an_unknown_statement_is_a_load_error(dev: Junos) -> None:
    with pytest.raises(ConfigLoadError) as refused:
        Config(dev).load("<configuration><bogus/></configuration>", format="xml")
    assert refused.value.errs[0]["bad_element"] == "bogus"


def host_name(dev: Junos) -> str:
    return str(dev.rpc.get_config(options={"database": "committed"}).findtext("system/host-name"))


def commits(dev: Junos) -> list[tuple[str, str, str | None]]:
    found = dev.rpc.get_commit_information().findall("commit-history")
    return [(one.findtext("user"), one.findtext("client"), one.findtext("log")) for one in found]
