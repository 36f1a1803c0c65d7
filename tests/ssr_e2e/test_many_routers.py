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
