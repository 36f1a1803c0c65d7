"""What the threads of an apply share in a provider holds when they take turns as often as they can."""

import contextlib
import itertools

import httpx
import pytest

from haplan.errors import ProviderError
from haplan.testing import FakeClock
from haplan_mist.client import Client as MistClient
from haplan_mist.config import Access as MistAccess
from haplan_mist.estate import Estate
from haplan_srx.config import Access as SrxAccess
from haplan_srx.estate import Estate as SrxEstate
from haplan_srx.estate import Nodes, PairSeen
from haplan_ssr.client import Client as SsrClient
from haplan_ssr.config import Access as SsrAccess
from tests.turns import THREADS, often, side_by_side

pytestmark = pytest.mark.usefixtures(often.__name__)
ACCESS = MistAccess(url="http://127.0.0.1:9", org_id="org", token="token")
SITES = [{"id": f"id{number}", "name": f"s{number}"} for number in range(50)]


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/login"):
        return httpx.Response(200, json={"token": "t"})
    return httpx.Response(200, json=SITES if request.url.path.endswith("/sites") else {"requests": 1})


def organisation() -> Estate:
    return Estate(MistClient(ACCESS, FakeClock(), transport=httpx.MockTransport(answer)), FakeClock())


def test_a_list_of_an_organisation_is_whole_while_writers_change_it() -> None:
    org = organisation()
    org.items("sites")

    def go(thread: int) -> set[str]:
        found = set()
        for number in range(200):
            if thread % 2:
                org.keep("sites", {"id": f"new{thread}-{number}", "name": f"n{thread}-{number}"})
                org.drop("sites", f"new{thread}-{number - 3}")
            else:
                found |= {str(item["name"]) for item in org.items("sites").values()}
                assert org.find("sites", "", "s7")[0] is not None
        return found

    seen = set[str]().union(*side_by_side(go))
    assert {site["name"] for site in SITES} <= seen


def test_what_is_left_of_the_budget_can_be_asked_while_it_is_learned_and_used_up() -> None:
    turns = itertools.count()

    def usage(request: httpx.Request) -> httpx.Response:
        used_up = next(turns) % 2 == 0
        return httpx.Response(429, headers={"Retry-After": "0"}) if used_up else httpx.Response(200, json={})

    client = MistClient(ACCESS, FakeClock(), transport=httpx.MockTransport(usage))

    def learn() -> None:
        with contextlib.suppress(ProviderError):  # one that was told five times in a row that it is used up
            client.count_usage()

    def go(thread: int) -> set[int | None]:
        return {client.budget.left for _ in range(3000)} if thread else {learn() for _ in range(60)}

    left = set[int | None]().union(*side_by_side(go))
    assert all(one is None or 4000 < one <= 5000 for one in left)


def test_each_call_to_a_conductor_is_counted() -> None:
    client = SsrClient(
        SsrAccess(url="https://c", username="u", password="p"), FakeClock(), transport=httpx.MockTransport(answer)
    )
    side_by_side(lambda thread: [client.system() for _ in range(50)])
    assert client.made == THREADS * 50 + 1  # one login for all


class Blind(SrxEstate):
    """Sees a pair at once, and nothing of it."""

    def _look(self, nodes: Nodes, *, health: bool = False) -> PairSeen:
        return PairSeen(at=self.clock.now())


def test_a_pair_can_be_looked_at_while_a_writer_says_that_it_changed() -> None:
    estate, pairs = Blind(SrxAccess(username="u"), FakeClock()), [Nodes("c0", {})]

    def go(thread: int) -> None:
        for _ in range(500):
            if thread % 2:
                estate.outdate("c0")
            else:
                assert estate.looks(pairs, 60.0).keys() == {"c0"}

    side_by_side(go)
