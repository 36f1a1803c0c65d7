"""What reached simulators in this test run, held against what the vendors publish: API description, YANG models."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from tests.mist_lab.openapi import SUBSET, violations
from tests.srx.test_yang import UNSEEN


@pytest.mark.skipif(not SUBSET.exists(), reason="the published API description is not part of a clone")
def test_every_exchange_of_this_run_fits_the_published_description(traffic: Path) -> None:
    found: Counter[str] = Counter()
    exchanges = 0
    seen: set[str] = set()
    for file in sorted(traffic.iterdir()):
        for line in file.read_text().splitlines():
            exchanges += 1
            exchange = json.loads(line)
            shape = json.dumps(
                [exchange["method"], exchange["path"].count("/"), exchange["request"], exchange["response"]]
            )
            if shape not in seen:  # the same words again say nothing new
                seen.add(shape)
                found.update(violations(exchange))
    if not exchanges:
        pytest.skip("no simulator was used in this run")
    assert found == {}


VALIDATE = SUBSET.parents[1] / "tools" / "yang-validate"
WITH_MODELS = pytest.mark.skipif(not VALIDATE.exists(), reason="the vendor's models are not part of a clone")


@WITH_MODELS
def test_configurations_of_this_run_fit_the_vendors_models_and_constraints(committed_configurations: Path) -> None:
    """As many as it takes to have every statement once that was committed to a simulated box."""
    seen: set[str] = set()
    chosen = []
    for file, paths in sorted(
        ((file, statements(file)) for file in committed_configurations.iterdir()), key=lambda one: -len(one[1])
    ):
        if not paths <= seen:
            seen |= paths
            chosen.append(file)
    validate(chosen)


@WITH_MODELS
@pytest.mark.deep
def test_every_configuration_of_this_run_fits_the_vendors_models_and_constraints(
    committed_configurations: Path,
) -> None:
    validate(sorted(committed_configurations.iterdir()))


def statements(file: Path) -> set[str]:
    """Paths of all elements, names of entries left out."""
    tree = etree.parse(file)
    return {re.sub(r"\[\d+\]", "", tree.getpath(element)) for element in tree.iter(etree.Element)}


def validate(files: list[Path]) -> None:
    """Hold configurations against the models with the vendor's own constraints."""
    if not files:
        pytest.skip("no simulated box committed anything in this run")
    environ = {**os.environ, "YANG_VALIDATE_PYTHON": sys.executable, "XDG_CACHE_HOME": str(files[0].parents[1])}
    command = [sys.executable, str(VALIDATE), "--must", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    if done.returncode == 2:
        pytest.skip(done.stderr.strip())
    assert [line for line in done.stderr.splitlines() if not line.endswith(UNSEEN)] == []
