"""Each alias of a provider has an estate of its own in the lab: an organisation, a conductor, a set of devices."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from haplan import api
from haplan.errors import HaplanError
from haplan.host.labs import LabsClock
from haplan_mist.example import STACK as MIST
from haplan_srx.example import STACK as SRX
from haplan_ssr.example import STACK as SSR

Write = Callable[..., Path]
PROVIDERS = {"mist": MIST, "srx": SRX, "ssr": SSR}


def of_alias(text: str, name: str, alias: str) -> str:
    """An example as the one of an alias: its provider, its resources, its boxes."""
    box = {"west": "b", "east": "a"}[alias]
    for pattern, said in (
        (rf'provider\("{name}"\).*', rf'here = provider("{name}", alias="{alias}")'),
        (r'\b(Site|Network|Application|WanEdgeTemplate|Cluster)\(\s*"', rf'\1(provider=here, label="{alias}-'),
        (r'"0200(5e\d0)0c3', rf'"0200\g<1>0{box}3'),
        (r"\bDEMO120S1", f"DEMO120{alias.upper()}"),
        (r'"192\.0\.2\.(3\d)"', r'"192.0.2.1\1"' if alias == "east" else r'"192.0.2.\1"'),
    ):
        text = re.sub(pattern, said, text)
    return text


@pytest.fixture
def written(tmp_path: Path) -> Write:
    def write(name: str, lab: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "stack.py").write_text(
            "\n".join(of_alias(PROVIDERS[name], name, alias) for alias in ("west", "east"))
        )
        if lab:
            (folder / "lab.toml").write_text(lab)
        return folder

    return write


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_alias_has_an_estate_of_its_own_with_its_own_name(written: Write, name: str) -> None:
    folder = written(name)
    plan = api.plan(folder, lab=True, environ={})
    assert {change.provider for change in plan.changes} == {f"{name}.west", f"{name}.east"}
    estates = [f"{plan.body.identities[f'{name}.{alias}']['name']}" for alias in ("west", "east")]
    assert [one[-4:] for one in estates] == ["west", "east"]
    assert len({plan.body.identities[f"{name}.{alias}"]["id"] for alias in ("west", "east")}) == 2
    assert api.apply(plan, environ={}).exit_code == 0
    assert api.plan(folder, lab=True, environ={}).empty
    kept = {path.name for path in (folder / ".haplan" / "lab").iterdir()}
    assert {f"{name}.west", f"{name}.east"} <= kept
    assert f"{name}.db" not in kept
    for alias in ("west", "east"):
        files = sorted(path.name for path in (folder / ".haplan" / "lab" / f"{name}.{alias}").iterdir())
        assert f"{name}.db" in files


def test_an_organisation_knows_nothing_of_the_other_one(written: Write) -> None:
    folder = written("mist")
    assert api.apply(api.plan(folder, lab=True, environ={}), environ={}).exit_code == 0
    for alias in ("west", "east"):
        with closing(sqlite3.connect(folder / ".haplan" / "lab" / f"mist.{alias}" / "mist.db")) as db:
            sites = [name for (name,) in db.execute("select name from objects where kind = 'site'")]
            boxes = [mac for (mac,) in db.execute("select mac from devices order by mac")]
        assert sites == [f"{alias}-branch"]
        assert [mac[6:10] for mac in boxes] == ["100a" if alias == "east" else "100b"] * 2


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_without_an_alias_keeps_its_estate_where_it_was(tmp_path: Path, name: str) -> None:
    (tmp_path / "stack.py").write_text(PROVIDERS[name])
    plan = api.plan(tmp_path, lab=True, environ={})
    assert (tmp_path / ".haplan" / "lab" / f"{name}.db").is_file()
    assert list(plan.body.identities) == [name]
    assert plan.body.identities[name]["name"] == {"mist": "haplan lab", "srx": "SRX devices", "ssr": "lab"}[name]


def test_lines_about_calls_name_the_alias(written: Write) -> None:
    folder = written("mist")
    plan = api.plan(folder, lab=True, environ={}, log=folder / "log.txt")
    assert [(one.provider, one.limit) for one in plan.body.calls] == [("mist.west", 5000), ("mist.east", 5000)]
    assert plan.json()["haplan"]["calls"][1]["provider"] == "mist.east"
    starts = {line.split()[0] for line in (folder / "log.txt").read_text().splitlines()}
    assert starts == {"mist.west", "mist.east"}


def test_each_alias_has_a_budget_of_its_own_and_lab_toml_says_which(written: Write) -> None:
    folder = written(
        "mist", '[settings]\nbudget = 300\n["mist.west".settings]\nbudget = 40\norganisation = "West Inc"\n'
    )
    plan = api.plan(folder, lab=True, environ={})
    assert {one.provider: one.limit for one in plan.body.calls} == {"mist.west": 40, "mist.east": 300}
    assert plan.body.identities["mist.west"]["name"] == "West Inc"


@pytest.mark.parametrize(
    ("name", "key", "mistake"),
    [
        ("mist", "mist.wset", "mist.wset: the stack has no such provider; there are mist.east, mist.west"),
        ("srx", "srx.wset", "srx.wset: the stack has no such provider; there are srx.east, srx.west"),
        ("ssr", "ssr.wset", "ssr.wset: the stack has no such provider; there are ssr.east, ssr.west"),
    ],
)
def test_tables_of_an_alias_that_the_stack_does_not_have_are_a_mistake(
    written: Write, name: str, key: str, mistake: str
) -> None:
    folder = written(name, f'["{key}".settings]\n')
    with pytest.raises(api.HaplanError, match=re.escape(mistake)):
        api.plan(folder, lab=True, environ={})


def test_an_alias_has_the_faults_of_its_own_tables_alone(written: Write) -> None:
    fault = '[["{}".fault]]\non = "GET /self"\nstatus = 401\nbody = {{ detail = "no" }}\ntimes = 0\n'
    folder = written("mist", fault.format("mist.east"))
    with pytest.raises(api.HaplanError) as raised:
        api.plan(folder, lab=True, environ={})
    assert [line.partition(":")[0] for line in str(raised.value).splitlines()] == ["mist.east"]


# --- Time -------------------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self, now: float) -> None:
        self.at = now

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def test_time_passes_for_all_simulators_of_a_session_alike() -> None:
    clocks = [Clock(100.0), Clock(1000.0), Clock(50.0)]
    shared = LabsClock()
    for clock in clocks:
        shared.join(clock)
    assert [clock.at for clock in clocks] == [1000.0] * 3
    shared.sleep(60.0)
    assert [clock.at for clock in clocks] == [1060.0] * 3
    clocks[1].at += 500  # somebody else let time pass there
    shared.sleep(60.0)
    assert [clock.at for clock in clocks] == [1120.0, 1560.0, 1120.0]
    for _ in range(364):
        shared.sleep(24 * 3600.0)
    with pytest.raises(HaplanError, match="a year of simulated time has passed in this run"):
        shared.sleep(3 * 24 * 3600.0)


def test_what_takes_time_in_the_second_estate_is_over_when_it_is_waited_for(tmp_path: Path) -> None:
    """Pairs of two providers form in one run: time passes in both simulators."""
    text = of_alias(MIST, "mist", "west") + "\n" + of_alias(SRX, "srx", "east")
    (tmp_path / "stack.py").write_text(text)
    result = api.apply(api.plan(tmp_path, lab=True, environ={}), environ={})
    assert (result.exit_code, result.pending) == (0, ())
    assert result.seconds < 2 * 3600
    assert api.plan(tmp_path, lab=True, environ={}).empty
