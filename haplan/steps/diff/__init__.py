"""Diff: wanted against seen, remembering recorded. Gives the changes, in order of the graph.

`difference` goes through the stack; `new`, `compared` and `data` say what becomes of one block, `leaving` of what the
stack has no longer. `work` is what they share.
"""

from haplan.steps.diff.difference import Difference, diff
from haplan.steps.diff.leaving import as_asked
from haplan.steps.diff.work import Work

__all__ = ["Difference", "Work", "as_asked", "diff"]
