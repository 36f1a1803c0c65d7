"""Tools made for Terraform's plans read what `haplan plan --json` prints: Rego policies, terraform-compliance."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
STACKS = HERE.parent.parent / "stacks"
MODULES = """
from haplan import Data, module, output, provider
a = Data("a", input={"size": 1})
with module("inner"):
    b = Data("b", input=f"after {a.id}")
output("id", b.id)
"""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command prints for the first example, in a file."""
    folder = tmp_path_factory.mktemp("tools")
    shutil.copytree(STACKS / "one_pair", folder / "edge", ignore=shutil.ignore_patterns(".haplan"))
    return printed(folder / "edge", "--lab")


def printed(stack: Path, *options: str) -> Path:
    command = [sys.executable, "-m", "haplan", "plan", str(stack), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    file = stack.parent / f"{stack.name}.json"
    file.write_text(done.stdout)
    return file


# --- Rego -------------------------------------------------------------------------------------------------------------


def asked(file: Path, rule: str, policy: str = "") -> Any:
    """What the policy says of a plan; None where a rule is undefined."""
    regopy = pytest.importorskip("regopy", reason="regopy has no wheel for this platform")
    judge = regopy.Interpreter()
    judge.add_module("plan", policy or (HERE / "policy.rego").read_text())
    judge.set_input_term(file.read_text())
    found = judge.query(f"data.plan.{rule}")
    return None if str(found) == "undefined" else json.loads(str(found))["expressions"][0]


def test_a_rego_policy_reads_the_plan_as_it_is_printed(planned: Path) -> None:
    plan = json.loads(planned.read_text())
    created = {one["address"] for one in plan["resource_changes"] if one["change"]["actions"] == ["create"]}
    assert asked(planned, "deny") == {}
    assert asked(planned, "deletes") == {}
    assert set(asked(planned, "unknown")) <= created
    assert any(address.startswith("cluster.") for address in asked(planned, "unknown"))
    assert asked(planned, "planned") == len(plan["planned_values"]["root_module"]["resources"])


def test_a_rego_policy_denies_by_address(planned: Path) -> None:
    policy = (HERE / "policy.rego").read_text().replace('"SSR"', '"SRX"').replace("SSR models", "SRX models")
    (address,) = [
        one["address"] for one in json.loads(planned.read_text())["resource_changes"] if one["type"] == "cluster"
    ]
    assert asked(planned, "deny", policy) == {f"{address}: only SRX models are bought": True}


def test_a_rego_policy_reads_what_is_haplans_own(planned: Path) -> None:
    assert (asked(planned, "outage") is True) == (
        json.loads(planned.read_text())["haplan"]["impact"]["kind"] == "outage"
    )


# --- terraform-compliance ---------------------------------------------------------------------------------------------

PROGRAM = shutil.which(
    "terraform-compliance", path=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])
)
COMPLIANCE = pytest.mark.skipif(
    PROGRAM is None,
    reason="there is no terraform-compliance on the PATH; the test extra has it where it is known to run",
)


def judged(file: Path, feature: str) -> "subprocess.CompletedProcess[str]":
    features = file.parent / "features"
    shutil.rmtree(features, ignore_errors=True)
    features.mkdir()
    (features / "edge.feature").write_text(feature)
    command = [str(PROGRAM), "-p", str(file), "-f", str(features), "--no-ansi"]
    return subprocess.run(command, cwd=file.parent, capture_output=True, text=True, check=False)


@COMPLIANCE
def test_terraform_compliance_reads_the_plan_as_it_is_printed(planned: Path) -> None:
    done = judged(planned, (HERE / "edge.feature").read_text())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 scenarios (5 passed)" in done.stdout


@COMPLIANCE
def test_terraform_compliance_finds_what_breaks_a_rule(planned: Path) -> None:
    feature = (HERE / "edge.feature").read_text().replace("value must be US", "value must be DE")
    done = judged(planned, feature)
    assert done.returncode == 1
    assert "5 scenarios (4 passed, 1 failed)" in done.stdout


@COMPLIANCE
def test_terraform_compliance_reads_modules_and_references(tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "stack.py").write_text(MODULES)
    feature = "Feature: f\n  Scenario: s\n    Given I have record defined\n    Then it must have input\n"
    done = judged(printed(tmp_path / "edge"), feature)
    assert done.returncode == 0, done.stdout + done.stderr
