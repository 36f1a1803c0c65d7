"""Every exchange with the Mist simulator in this test run, held against the published API description."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.mist_lab.openapi import SUBSET, violations


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
