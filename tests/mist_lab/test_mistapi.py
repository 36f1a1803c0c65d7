"""The mistapi package from PyPI, unmodified, drives the simulator alone."""

import importlib.util
import json
import os
import pathlib
import ssl
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from haplan_mist.lab import CloudProxy
from tests.mist_lab.cloud import NODE0, NODE1, Cloud

PROGRAM = pathlib.Path(__file__).with_name("by_mistapi.py")


def environment(cloud: Cloud, router: CloudProxy) -> dict[str, str]:
    """What a client of a real cloud would have, and nothing of this machine's own access to one."""
    plain = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "SYSTEMROOT")}
    return {
        **plain,
        "HOME": str(cloud.lab.estate.folder),
        "MIST_HOST": "api.mist.com",
        "MIST_APITOKEN": cloud.served.token,
        "MIST_ORG_ID": cloud.served.org_id,
        "HTTPS_PROXY": router.url,
        "REQUESTS_CA_BUNDLE": str(cloud.served.ca_file),
    }


def test_mistapi_goes_from_an_empty_organisation_to_a_formed_pair(open_cloud: Callable[..., Cloud]) -> None:
    if importlib.util.find_spec("mistapi") is None:
        pytest.skip("the mistapi package is not installed")
    cloud = open_cloud(tls=True)
    admin = cloud.lab.start()
    with CloudProxy(cloud.served.host) as router:
        done = subprocess.run(
            [sys.executable, str(PROGRAM)],
            env={**environment(cloud, router), "LAB_ADMIN": f"{admin.url}/lab"},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr + done.stdout
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    assert 14 <= result["minutes"] <= 16
    assert result["nodes"] == [NODE0, NODE1]
    assert result["cluster"] == [NODE0]
    assert result["last_event"] == "GW_CONFIGURED"
    assert result["log_entries"] == 9


def test_the_door_leads_to_the_lab_under_a_clouds_name_and_nowhere_else(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(tls=True)
    trusting = ssl.create_default_context(cafile=str(cloud.served.ca_file))
    with (
        CloudProxy(cloud.served.host) as router,
        httpx.Client(proxy=router.url, verify=trusting, trust_env=False) as client,
    ):
        answer = client.get("https://api.eu.mist.com/api/v1/self", headers=cloud.api.headers)
        assert answer.status_code == 200
        for elsewhere in ("https://example.com/", "https://api.mist.com:8443/", f"https://{cloud.served.host}/"):
            with pytest.raises(httpx.ProxyError, match="403"):
                client.get(elsewhere)
        with pytest.raises(httpx.HTTPError):
            client.get("http://api.mist.com/").raise_for_status()
