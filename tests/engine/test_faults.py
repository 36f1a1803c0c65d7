"""Every wrong answer of a provider in memory that settles, is looked at, confirmed and taken back."""

import pytest

from haplan.contracts import Clock
from haplan.testing import Cloud, Mem, Thing
from haplan.testing.asked import Asked, Opened
from haplan.testing.fault_contract import EveryFaultContract, FaultContract


class Confirmed(Asked):
    """A provider all of whose verbs are asked."""

    resource = Thing
    wanted = {"size": 1, "tags": {"a": "b"}}
    changed = {"size": 2}

    @pytest.fixture
    def cloud(self) -> Cloud:
        cloud = Cloud()
        cloud.confirmed = cloud.revertible = True
        cloud.seconds = dict.fromkeys(("thing:one", "thing:two"), 60.0)
        return cloud

    @pytest.fixture
    def clock(self, cloud: Cloud) -> Clock:
        return cloud.clock

    @pytest.fixture
    def opened(self, cloud: Cloud) -> Opened:
        return type("Mem", (Mem,), {"cloud": cloud, "confirmed": True, "revertible": True})


class TestMemThatConfirms(Confirmed, FaultContract):
    pass


@pytest.mark.deep
class TestMemThatConfirmsAtLength(Confirmed, EveryFaultContract):
    pass
