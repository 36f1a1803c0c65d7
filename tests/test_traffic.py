"""What reached simulators in this test run, held against what the vendors publish: API description, YANG models."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.mist_lab.openapi import SUBSET, template, violations
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
            if (new := news(exchange, seen)) is not None:
                found.update(violations(new))
    if not exchanges:
        pytest.skip("no simulator was used in this run")
    assert found == {}


COUNTED = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "an id"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "a MAC"),
    (re.compile(r"\bLAB[0-9A-F]{10,}\b"), "a serial"),
    (re.compile(r"\b198\.51\.\d+\.\d+"), "an address"),
    (re.compile(r"\b1\d{9}\.\d+\b"), "1.5"),
    (re.compile(r"\b1\d{9}\b(?!\.)|(?<=\"uptime\": )\d+"), "1"),
)
"""What simulators count up or make by chance: to the description one is as good as another of its kind."""


def news(exchange: dict[str, Any], seen: set[str]) -> dict[str, Any] | None:
    """An exchange with what no other one said so far; of a list only the entries. None where there is nothing: the same
    words again, to validate which takes minutes."""
    asked = [exchange[one] for one in ("method", "status", "query", "request")]
    place = json.dumps([template(exchange["path"]) or exchange["path"], *asked])
    answer = exchange["response"]
    if not isinstance(answer, list) or _shape(place) not in seen:
        whole = _shape(place + json.dumps(answer))
        known = whole in seen
        seen |= {whole, _shape(place)} | {_shape(place + json.dumps(one)) for one in _entries(answer)}
        return None if known else exchange
    entries = {_shape(place + json.dumps(one)): one for one in answer}
    new = [one for shape, one in entries.items() if shape not in seen]
    seen |= set(entries)
    return {**exchange, "response": new} if new else None


def _entries(answer: object) -> list[object]:
    return answer if isinstance(answer, list) else []


def _shape(text: str) -> str:
    for what, kind in COUNTED:
        text = what.sub(kind, text)
    return text


def test_what_was_said_before_is_not_looked_at_again_and_all_else_is() -> None:
    def answer(*uptimes: Any, path: str = "/api/v1/orgs/o/stats/devices") -> dict[str, Any]:
        devices = [{"mac": f"02005e10{number:04x}", "uptime": one} for number, one in enumerate(uptimes)]
        return {"method": "GET", "path": path, "query": "", "request": None, "status": 200, "response": devices}

    seen: set[str] = set()
    assert news(answer(1, 2), seen) == answer(1, 2)
    assert news(answer(3, 4, 5), seen) is None
    assert (news(answer(1, "2"), seen) or {})["response"] == [{"mac": "02005e100001", "uptime": "2"}]
    assert news(answer(1, path="/api/v1/orgs/o/inventory"), seen) is not None
    assert [news(answer(path=path), seen) is None for path in ("/api/v1/x", "/api/v1/x", "/api/v1/y")] == [
        False,
        True,
        False,
    ]
    assert news({**answer(1), "status": 404}, seen) is not None
    assert news({**answer(1), "response": {"detail": "a"}}, seen) is not None
    assert news({**answer(1), "response": {"detail": "b"}}, seen) is not None
    assert news({**answer(1), "response": {"detail": "b"}}, seen) is None


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
