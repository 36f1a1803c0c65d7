"""Stages: the changes' placements become transactions, one document each, in a stable order.

A pure function. It runs over all changes: what is written nowhere is a node without a document, and passes order, gates
and skipping on to what lies behind it. A transaction holds all placements on its document that the hard edges and gates
allow together; two transactions of one document that could be merged without a circle do not occur, except where a
value that is known only after the one flows into the other. Soft edges order what is left, and yield where they would
close a circle.

`ways` says which placement waits for which, `values` which values flow, `groups` puts placements together, and
`transactions` lays them out.
"""

from haplan.steps.stages.staging import Staged, stages

__all__ = ["Staged", "stages"]
