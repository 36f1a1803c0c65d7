"""lab.toml is read whole, and every mistake in it is named."""

import pathlib

import pytest

from haplan_mist.lab import Device, Fault, LabDefinition, Pair, Push, Settings, read_definition
from haplan_mist.lab.definition import definition_from

WHOLE = """
[settings]
budget = 100
formation_minutes = 5
standalone_ha_get = "empty"

[[device]]
mac = "02:00:5E:10:0C:30"
serial = "A"
model = "SSR120"
site = "spoke1"

[[device]]
mac = "02005e300c30"
serial = "B"
model = "SRX300"
connected = false

[[fault]]
on = "POST /orgs/*/networks"
nth = 2
drop = "after"

[[fault]]
on = "* /self"
status = 503
body = { detail = "busy" }

[[push]]
site = "spoke1"
result = "revert"

[[pair]]
mac = "02005e100c30"
result = "never"
"""


def test_a_whole_definition_is_read(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(WHOLE)
    assert read_definition(file) == LabDefinition(
        devices=(
            Device(mac="02005e100c30", serial="A", model="SSR120", version="6.3.0-107", site="spoke1"),
            Device(mac="02005e300c30", serial="B", model="SRX300", version="23.4R2-S3", connected=False),
        ),
        faults=(
            Fault(on="POST /orgs/*/networks", nth=2, drop="after"),
            Fault(on="* /self", status=503, body={"detail": "busy"}),
        ),
        pushes=(Push(result="revert", site="spoke1"),),
        pairs=(Pair(result="never", mac="02005e100c30"),),
        settings=Settings(budget=100, formation_minutes=5, standalone_ha_get="empty"),
    )


def test_a_file_for_several_labs_keeps_this_one_under_mist(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text("[mist.settings]\nbudget = 7\n[ssr]\nanything = 1\n[[device]]\nodd = true\n")
    assert read_definition(file) == LabDefinition(settings=Settings(budget=7))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[device]]\nmac = 'x'", "device[0]: missing key serial; required are serial, model"),
        ("[[device]]\nmac = 'x'\nserial = 's'\nmodel = 'm'", "device[0]: 'x' is not a MAC address"),
        ("[[device]]\nmac = 5", "device[0].mac: must be str, not 5"),
        ("[[device]]\nmacs = 'x'", "device[0].macs: unknown key; allowed are claim_code, claimed, connected, mac,"),
        ("[[fault]]\non = 'FETCH /x'", "fault[0]: on: 'FETCH /x' is not a method"),
        (
            "[[fault]]\non = 'GET /x'\ndrop = 'never'",
            "fault[0].drop: must be one of 'before', 'middle', 'after'",
        ),
        ("[[push]]\nresult = 'explode'", "push[0].result: must be one of 'succeed', 'fail', 'revert', 'queue',"),
        ("[settings]\nbudget = 'many'", "settings.budget: must be int, not 'many'"),
        ("[settings]\nspeed = 1", "settings.speed: unknown key; allowed are budget,"),
        ("settings = 5", "settings: must be a table"),
        ("device = 5", "device: must be a list of tables [[device]]"),
        ("this is not toml", "Expected '=' after a key"),
        (
            "\n".join(["[[device]]\nmac = '020000000001'\nserial = 's'\nmodel = 'm'"] * 2),
            "device[1].mac: 020000000001 is listed twice",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_key_and_what_is_allowed(tmp_path: pathlib.Path, text: str, said: str) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"lab\.toml: ") as caught:
        read_definition(file)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_misspelt_table_is_named_and_one_of_another_provider_is_left_alone() -> None:
    with pytest.raises(ValueError, match=r"devices: no such table; did you mean \[\[device\]\]\?"):
        definition_from({"devices": [{"mac": "02005e100c30"}]})
    assert definition_from({"conductor": {"name": "x"}}) == LabDefinition()
