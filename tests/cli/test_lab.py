"""The stack that `init` writes, on simulators: it validates, plans, and its lab serves other clients."""

import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest


@pytest.fixture
def mine(run, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stack as `haplan init` wrote it, with all plugins."""
    monkeypatch.delenv("HAPLAN_PLUGINS_OFF")
    assert run("init", "mine").code == 0
    return "mine"


@pytest.mark.parametrize("provider", ["mist", "srx", "ssr"])
def test_what_init_writes_for_each_provider_can_be_applied_on_simulators(
    run, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    monkeypatch.delenv("HAPLAN_PLUGINS_OFF")
    assert run("init", "mine", "--provider", provider).code == 0
    assert run("validate", "mine").code == 0
    assert run("apply", "mine", "--lab", "--auto-approve").code == 0
    assert run("plan", "mine", "--lab", "--detailed-exitcode").code == 0


def test_init_says_whose_example_it_wrote_and_whose_others_there_are(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HAPLAN_PLUGINS_OFF")
    ended = run("init", "mine")
    assert ended.err == "an example of provider mist; --provider takes also srx, ssr\n"


def test_what_init_writes_validates_and_plans(run, mine: str) -> None:
    assert run("validate", mine).code == 0
    planned = run("plan", mine, "--lab")
    assert planned.code == 0
    assert "\n7 to create, 0 to change, 0 to replace, 0 to delete · " in planned.out
    assert planned.out.endswith("To carry it out: haplan apply mine --lab\n")


def test_a_portal_edit_is_drift_with_who_and_the_plan_mends_it(run, mine: str, folder: Path) -> None:
    assert run("apply", mine, "--lab", "--auto-approve").code == 0
    with serving(folder) as settings:
        headers = {"Authorization": f"Token {settings['PORTAL_APITOKEN']}"}
        with httpx.Client(base_url=settings["MIST_HOST"], headers=headers) as portal:
            sites = f"/api/v1/orgs/{settings['MIST_ORG_ID']}/sites"
            site = next(one for one in portal.get(sites).json() if one["name"] == "branch")
            portal.put(f"/api/v1/sites/{site['id']}", json={"timezone": "Europe/Berlin"}).raise_for_status()
    drifted = run("drift", mine, "--lab")
    assert drifted.code == 2
    assert "1 resource changed outside haplan" in drifted.out
    assert "  ~ site.branch  by Pat Person" in drifted.out
    assert '      ~ timezone  "America/New_York" → "Europe/Berlin"\n' in drifted.out
    planned = run("plan", mine, "--lab", "--detailed-exitcode")
    assert planned.code == 2
    assert '      ~ timezone  "Europe/Berlin" → "America/New_York"\n' in planned.out


BY_MISTAPI = """
import json, os
import mistapi
from mistapi.api.v1.orgs import inventory, sites, vpns, wlans, webhooks
from mistapi.api.v1.sites import devices, rogues

session = mistapi.APISession(console_log_level=50, show_cli_notif=False)
session.login()
org = os.environ["MIST_ORG_ID"]
site = sites.createOrgSite(session, org, {"name": "made by mistapi"}).data["id"]
macs = [one["mac"] for one in inventory.getOrgInventory(session, org).data]
inventory.updateOrgInventoryAssignment(session, org, {"op": "assign", "macs": macs, "site_id": site})
vpn = vpns.createOrgVpn(session, org, {"name": "mine", "paths": {}}).data["id"]
print(json.dumps({
    "named": [one["name"] for one in devices.listSiteDevices(session, site, type="gateway").data] == macs,
    "wlans": [wlans.listOrgWlans(session, org).data, wlans.listOrgWlans(session, org).status_code],
    "webhook": webhooks.getOrgWebhook(session, org, site).raw_data,
    "rogues": rogues.searchSiteRogueEvents(session, site).data["results"],
    "no name": [vpns.updateOrgVpn(session, org, vpn, {"name": ""}).status_code,
                devices.updateSiteDevice(session, site, f"00000000-0000-0000-1000-{macs[0]}", {"name": ""}).raw_data],
}))
"""


def test_clients_that_know_real_clouds_only_reach_the_lab_over_tls_and_are_told_once_what_it_lacks(
    mine: str, folder: Path
) -> None:
    pytest.importorskip("mistapi", reason="the mistapi package is not installed")
    missing = [
        "GET /api/v1/orgs/{}/wlans, answered with an empty list",
        "GET /api/v1/orgs/{}/webhooks/{}, answered with 404",
        "GET /api/v1/sites/{}/rogues/events/search, answered with nothing found",
    ]
    told = "".join(f"mist lab: not simulated: {one}\n" for one in missing)
    with serving(folder, "--tls", last="HTTPS_PROXY", told=told) as settings:
        env = {**settings, "MIST_HOST": "api.mist.com", "HOME": str(folder), "PATH": ""}
        done = subprocess.run([sys.executable, "-c", BY_MISTAPI], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        trusting = ssl.create_default_context(cafile=settings["SSL_CERT_FILE"])
        with httpx.Client(base_url=settings["MIST_HOST"], verify=trusting, trust_env=False) as plain:
            assert plain.get("/api/v1/self").json() == {"detail": "Authentication credentials were not provided."}
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "named": True,
        "wlans": [[], 200],
        "webhook": '{"detail":"resource not found"}',
        "rogues": [],
        "no name": [400, '{"detail":"name: this field may not be blank"}'],
    }


class serving:  # noqa: N801  (reads as a statement: with serving(folder))
    """``haplan lab mine`` in a process of its own; gives its settings, and ends it as Ctrl-C does."""

    def __init__(self, folder: Path, *more: str, last: str = "PORTAL_APITOKEN", told: str = "") -> None:
        command = [sys.executable, "-m", "haplan.cli.main", "lab", "mine", *more]
        self._last, self._told = last, f"Ctrl-C ends it.\n{told}"
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> dict[str, str]:
        found: dict[str, str] = {}
        assert self._process.stdout is not None
        for row in self._process.stdout:
            name, _, value = row.strip().partition("=")
            if value:
                found[name] = value
            if self._last in found:
                break
        return found

    def __exit__(self, *exc: object) -> None:
        self._process.send_signal(signal.SIGINT)
        _, err = self._process.communicate(timeout=20)
        assert (self._process.returncode, err.strip()) == (0, self._told.strip())
