"""The SQLite backend keeps what every state backend promises."""

from collections.abc import Callable
from pathlib import Path

import pytest

from haplan.contracts import StateBackend
from haplan_sqlite import open_sqlite
from tests.state.contract import StateBackendContract
from tests.state.history_contract import StateHistoryContract
from tests.state.look_contract import StateLookContract
from tests.state.push_contract import StatePushContract
from tests.state.samples import FakeClock


class TestSqlite(StateBackendContract, StateHistoryContract, StatePushContract, StateLookContract):
    @pytest.fixture
    def backend_factory(self, tmp_path: Path, clock: FakeClock) -> Callable[[], StateBackend]:
        return lambda: open_sqlite(f"sqlite:///{tmp_path}/.haplan/default/state.db", clock)

    @pytest.fixture
    def another_factory(self, tmp_path: Path, clock: FakeClock) -> Callable[[], StateBackend]:
        return lambda: open_sqlite(f"sqlite:///{tmp_path}/.haplan/another/state.db", clock)
