"""A clock, a holder, a run, a row, an intent: what the tests of state backends are made of."""

import os
from typing import Any

from hypothesis import strategies as st

from haplan.model.state import Holder, Intent, Row, Run


class FakeClock:
    """Time that stands still until a test moves it."""

    def __init__(self, at: float = 1_790_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def holder(id: str = "l1", **more: Any) -> Holder:
    """A holder that lives: this process."""
    fields = {"who": "ana", "where": "host1", "pid": os.getpid(), "what": "apply", "since": 0.0, "until": 0.0}
    return Holder(id=id, **{**fields, **more})


def run(id: str = "r1", **more: Any) -> Run:
    return Run(id=id, serial=0, digest=f"sha256:{id}", started=10.0, who="ana@host1", **more)


def row(address: str = "site.a", **more: Any) -> Row:
    return Row(address=address, type="site", provider="mist", **more)


def intent(**more: Any) -> Intent:
    fields = {"run": "r1", "transaction": "t1", "address": "site.a", "document": "site:a", "provider": "mist"}
    return Intent(**{**fields, "step": "create", "key": {"name": "a"}, **more})


# --- Odd values -------------------------------------------------------------------------------------------------------

texts = st.text(max_size=8)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(texts, trees, max_size=3)
names = st.lists(texts, max_size=3).map(tuple)
odd_rows = st.builds(
    Row,
    address=texts,
    deposed=texts,
    type=texts,
    provider=texts,
    alias=texts,
    id=texts,
    name=texts,
    owner=texts,
    schema_version=st.integers(0, 2**31),
    values=mappings,
    hash=texts,
    declared=names,
    sensitive=names,
    depends_on=names,
    lifecycle=mappings,
    private=mappings,
    source=texts,
    status=st.sampled_from(["ok", "pending", "incomplete", "tainted", "in_doubt"]),
)
