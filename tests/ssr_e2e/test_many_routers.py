"""One commit reaches many routers: each comes to an end of its own, and fails the changes that reach it alone."""

from pathlib import Path

from tests.laws.one_site import OneSite


def test_a_new_router_that_never_runs_fails_its_own_cluster_alone(tmp_path: Path) -> None:
    site = OneSite(tmp_path, "ssr")
    site.want(())
    assert site.apply().exit_code == 0
    (tmp_path / "lab.toml").write_text("[settings]\nonly_listed_assets = true\n")
    site.want(("formation", "dissolving"))
    result = site.apply()
    assert result.exit_code == 3
    (failed,) = result.failed
    assert failed.address == "cluster.annex"
    assert failed.text.startswith("annex: node0 disconnected, node1 disconnected, after 35 min")
    assert [one.address for one in result.done] == ["cluster.old"]
    assert [change.address for change in site.plan().changes] == ["cluster.annex"]


def test_routers_are_told_by_the_address_of_their_pair_each_with_its_own_reason(tmp_path: Path) -> None:
    site = OneSite(tmp_path, "ssr")
    site.want(())
    assert site.apply().exit_code == 0
    (tmp_path / "lab.toml").write_text("[settings]\nonly_listed_assets = true\n")
    site.want(("formation", "template"))
    (template,) = [one for one in site.apply().failed if one.documents]
    why = "node0 disconnected, node1 disconnected, after 35 min; look at it on the conductor"
    assert template.address == "wan_edge_template.edge"
    assert template.text == f"done on 2 of 3: cluster.annex: {why}"
    assert [(one.document, one.came, one.text) for one in template.documents] == [
        ("cluster.annex", "failed", why),
        ("cluster.branch", "done", ""),
        ("cluster.old", "done", ""),
    ]
    told = {change.address: change.why for change in site.plan().changes}
    assert told["wan_edge_template.edge"] == "missing on cluster.annex"
