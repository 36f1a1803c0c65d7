"""Settings of providers are looked at before anything is reached: each that cannot be is told, with its line."""

from pathlib import Path

import pytest

from haplan import api

WRONG = {
    "mist": {
        'host="api mist.com"': 'host: expected a host, with or without :port, got "api mist.com"',
        'host="http://api.mist.com"': "credentials would travel in the clear",
        'host="api.mist.com:99999"': "host: expected a host",
        "host=3": "host: expected a host, with or without :port, got 3",
        'org_id="mine"': 'org_id: expected the id of an organisation, a UUID, got "mine"',
        'apitoken=["s3cret"]': "apitoken: expected text",
        'timeout="long"': 'timeout: expected a number of seconds above 0, got "long"',
        "timeout=0": "timeout: expected a number of seconds above 0, got 0",
        'proxy="http://me:s3cret@bad host"': 'proxy: expected a host, with or without :port, got "http://…@bad host"',
        'hosst="api.mist.com"': "unknown setting 'hosst'; did you mean 'host'?",
    },
    "srx": {
        'probes="192.0.2.1"': 'probes: expected a list such as ["192.0.2.1"], got "192.0.2.1"',
        'probes=["a b"]': 'probes: expected an address or a name, got "a b"',
        "confirm_minutes=0": "confirm_minutes: expected a whole number from 1 to 65535, got 0",
        'addresses={"fw1": 3}': "addresses: fw1: expected a host, with or without :port, got 3",
        'accept_new="yes"': 'accept_new: expected True or False, got "yes"',
        'editing="shared"': 'editing: expected "private" or "exclusive", got "shared"',
        'slots={"SRX9": "a"}': "slots: SRX9: expected a whole number from 0 to 99",
        'port="netconf"': "port: expected a whole number from 1 to 65535",
    },
    "ssr": {
        'host=["a", 3]': "host: expected a host, with or without :port, got 3",
        'fingerprint="zz"': "fingerprint: expected the SHA-256 of the certificate",
        'sync="169.254.253.0"': "ssr: sync=169.254.253.0 has no address for each of two nodes",
        'fabric="169.254.253.0/30"': "ssr: sync= and fabric= overlap",
        'release="newest"': "release: expected a release such as 6.3.0",
        'management="no"': 'management: expected True or False, got "no"',
    },
}
RIGHT = {
    "mist": 'host="https://api.eu.mist.com/api/v1", proxy="http://me:pass@proxy:3128", apitoken=secret("env:TOKEN")',
    "srx": 'jump="me@bastion:22", addresses={"fw1": "127.0.0.1:2222"}, probes=("192.0.2.1",), port=22',
    "ssr": 'host="a:8443, b", fingerprint=["ab" * 32, "SHA256:" + "cd:" * 31 + "cd"], release="7.0.1-4.r2"',
}


def validated(folder: Path, name: str, settings: str) -> str:
    stack = folder / "stack.py"
    stack.write_text(
        f'from haplan import provider, secret\nfrom haplan.design import Site\n\nprovider("{name}", {settings})\n'
        'Site("branch", country_code="US", timezone="America/New_York")\n'
    )
    try:
        api.validate(stack)
    except api.HaplanError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("name", "setting", "said"), [(name, *one) for name, many in WRONG.items() for one in many.items()]
)
def test_a_setting_that_cannot_be_is_told_at_validate(tmp_path: Path, name: str, setting: str, said: str) -> None:
    told = validated(tmp_path, name, setting)
    assert told.startswith(f"stack.py:4: provider '{name}': ")
    assert said in told
    assert "s3cret" not in told


@pytest.mark.parametrize("name", RIGHT)
def test_settings_in_all_their_forms_are_taken(tmp_path: Path, name: str) -> None:
    assert validated(tmp_path, name, RIGHT[name]) == ""


def test_all_settings_that_cannot_be_are_told_in_one_run(tmp_path: Path) -> None:
    told = validated(tmp_path, "mist", 'host=3, colour="x", timeout="y"')
    assert [line.partition("'mist': ")[2].split()[0] for line in told.splitlines()] == ["unknown", "host:", "timeout:"]


def test_a_setting_that_is_known_only_after_apply_is_told(tmp_path: Path) -> None:
    other = 'host=Site("other", country_code="US", timezone="America/New_York", provider=provider("ssr", alias="x")).id'
    assert "'mist': a setting refers to site.other" in validated(tmp_path, "mist", other)
