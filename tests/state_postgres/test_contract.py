"""The PostgreSQL backend keeps what every state backend promises."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan.contracts import StateBackend
from haplan_postgres.backend import PostgresState
from haplan_postgres.place import parse
from tests.state.contract import StateBackendContract
from tests.state.history_contract import StateHistoryContract
from tests.state.look_contract import StateLookContract
from tests.state.push_contract import StatePushContract
from tests.state.samples import FakeClock


class TestPostgres(StateBackendContract, StateHistoryContract, StatePushContract, StateLookContract):
    @pytest.fixture
    def clock(self, server_clock: FakeClock) -> FakeClock:
        return server_clock

    @pytest.fixture
    def backend_factory(self, url: str, server_clock: Any) -> Callable[[], StateBackend]:
        return lambda: PostgresState(parse(url), time=server_clock.query)

    @pytest.fixture
    def another_factory(self, url: str, server_clock: Any) -> Callable[[], StateBackend]:
        return lambda: PostgresState(parse(f"{url}_another"), time=server_clock.query)
