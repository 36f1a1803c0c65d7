"""Checkers: the threads that look at what was written."""

from collections.abc import Callable
from functools import partial

from haplan.contracts import Settlement, Task
from haplan.steps.apply.checks import Checked, check
from haplan.steps.apply.mailbox import surely
from haplan.steps.apply.run_context import RunContext
from haplan.steps.apply.schedule import Schedule
from haplan.steps.apply.writers import Writers


class Checkers:
    """Looks at writes in threads: however long that takes, what becomes of the others is told and saved.

    Threads: one, that of the run's loop. Those that look have their task, and `put`.
    """

    def __init__(self, context: RunContext, schedule: Schedule, put: Callable[[object], None]) -> None:
        self._context, self._schedule = context, schedule
        self._threads = Writers(context.parallelism, put, "haplan-check")
        self.replace, self.close = self._threads.replace, self._threads.close

    def begin(self, task: Task, settlement: Settlement) -> None:
        """Look at what a transaction wrote."""
        self._schedule.checks(task.transaction.id)
        look = partial(check, task, settlement, self._context)
        self._threads.start(partial(surely, look, lambda error: Checked(task, settlement, error=error)))
