"""Edits on their way into the candidate: through the edit door, or side by side."""

import threading
from typing import Any

import pytest

from haplan.kit.calls import ApiError, Call
from haplan_ssr.estate import Estate
from haplan_ssr.questions import Questions
from haplan_ssr.translate.edits import Edit, edits
from haplan_ssr.translate.tree import AUTHORITY, HERE, flat
from haplan_ssr.write.sending import Sender, merged, send


def tree(**lists: Any) -> dict[str, Any]:
    return {"authority": {"name": "a", **lists}}


def test_many_edits_are_one_tree() -> None:
    live = flat(tree(router=[{"name": "r", "location": "x", "node": [{"name": "n0"}]}]))
    wanted = flat(tree(
        tenant=[{"name": "t"}],
        router=[{"name": "r", "location": "y", "node": [{"name": "n0", "device-interface": [{"name": "p"}]}]},
                {"name": "s", "system": {"ntp": {"server": [{"ip-address": "192.0.2.1"}]}}}],
    ))  # fmt: skip
    assert merged(edits(live, wanted)) == {"authority": {
        "tenant": [{"name": "t"}],
        "router": [
            {"name": "r", "location": "y", "node": [{"name": "n0", "device-interface": [{"name": "p"}]}]},
            {"name": "s", "system": {"ntp": {"server": [{"ip-address": "192.0.2.1"}]}}},
        ],
    }}  # fmt: skip


class Conductor(Questions):
    """Takes edits, as many at once as come."""

    host = "c"
    made = 0

    def call(self, call: Call) -> Any:
        raise AssertionError(f"{call}: only edits are sent here")

    def close(self) -> None:
        pass

    def __init__(self, together: int = 1, *, door: int = 0) -> None:
        self.edits: list[str] = []
        self.trees: list[Any] = []
        self._door, self._lock = door, threading.Lock()
        self._barrier = threading.Barrier(together)

    def edit(self, method: str, url: str, body: Any, what: str) -> None:
        self._barrier.wait(timeout=10)
        with self._lock:
            self.edits.append(f"{method} {url}")

    def merge(self, tree: Any, what: str) -> None:
        if self._door:
            raise ApiError("no", status=self._door)
        self.trees.append(tree)


def sent(conductor: Conductor, made: list[Edit], release: tuple[int, ...]) -> list[str]:
    undone: list[str] = []

    class Known(Estate):
        release = ()  # type: ignore[assignment]

    estate = Known(conductor, None)  # type: ignore[arg-type]
    Known.release = release  # type: ignore[assignment]
    send(made, Sender(estate=estate, title=lambda edit: "x", progress=lambda line: None,
                      undo=lambda: undone.append("undone")))  # fmt: skip
    return undone


def routers(count: int) -> list[Edit]:
    wanted = {(*AUTHORITY, ("router", f"r{n}")): HERE for n in range(count)}
    return edits({}, wanted)


def test_a_thousand_routers_go_through_the_door_in_ten_calls() -> None:
    conductor = Conductor()
    assert sent(conductor, routers(1000), (6, 3, 0)) == []
    assert len(conductor.trees) == 10
    assert conductor.edits == []
    assert sum(len(one["authority"]["router"]) for one in conductor.trees) == 1000


@pytest.mark.parametrize("release", [(6, 2, 9), ()])
def test_without_the_door_eight_are_under_way_at_once(release: tuple[int, ...]) -> None:
    conductor = Conductor(together=8)  # each waits until eight are there
    sent(conductor, routers(64), release)
    assert sorted(conductor.edits) == ["POST /authority/router"] * 64


@pytest.mark.parametrize(("status", "undone"), [(404, []), (405, []), (400, ["undone"])])
def test_where_the_door_is_refused_each_is_told_by_itself(status: int, undone: list[str]) -> None:
    conductor = Conductor(together=2, door=status)
    assert sent(conductor, routers(2), (6, 3)) == undone
    assert conductor.edits == ["POST /authority/router"] * 2
