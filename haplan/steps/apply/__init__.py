"""Apply: carry out the stages of an approved plan, nothing else.

Each transaction walks ``intended → writing → written → settled → verified → recorded``, each step durable before the
next. `run` is the loop, `worker` one write, `transactions` what becomes of it, `record` what is saved.
"""

from haplan.steps.apply.run import apply
from haplan.steps.apply.run_context import RunContext

__all__ = ["RunContext", "apply"]
