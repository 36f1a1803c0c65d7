"""What rules may look at, and what hooks of order are given."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from haplan.contracts.exchange import Seen, Task
from haplan.model.graph import Edge
from haplan.model.plan import Calls, Change
from haplan.model.stack import Block, Stack
from haplan.model.state import State
from haplan.model.value import Tree


@attrs.frozen
class ValidateView:
    """What a rule may look at when validating (V): the stack alone."""

    stack: Stack

    def of(self, type_name: str) -> tuple[Block, ...]:
        """The blocks of one type, data sources left out, in order of declaration."""
        return tuple(b for b in self.stack.blocks.values() if b.type == type_name and not b.data)


@attrs.frozen(kw_only=True)
class PlanView:
    """What a rule may look at when planning (P): the changes, what is seen, facts by address, and calls."""

    stack: Stack | None
    state: State
    changes: tuple[Change, ...]
    seen: Mapping[str, Seen]
    facts: Mapping[str, Mapping[str, Tree]]
    edges: tuple[Edge, ...] = ()
    calls: tuple[Calls, ...] = ()


@attrs.frozen
class ApplyView:
    """What a rule may look at before a write (A): the task, freshly read."""

    task: Task
    facts: Mapping[str, Mapping[str, Tree]]


@attrs.frozen
class CheckView:
    """What a rule may look at after a step (C): the task and the facts as they are now."""

    task: Task
    facts: Mapping[str, Mapping[str, Tree]]
    seen: Mapping[str, Seen]


# --- Order ------------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Node:
    """One resource as `haplan_order` sees it.

    Attributes:
        address: Its address.
        type: Resource type.
        name: Remote name.
        owner: Address of its owner, or "".
        provider: Provider key.
        before: Values as they are, or None.
        after: Values as they are to be, or None.
        changing: True if it is in the plan with something to do.
        deleting: True if it goes.
        disruptive: True if its impact is ``reboot`` or ``outage``: a pair is formed or dissolved.
        seq: Order of declaration.
    """

    address: str
    type: str
    name: str
    owner: str
    provider: str
    before: Mapping[str, Tree] | None
    after: Mapping[str, Tree] | None
    changing: bool
    deleting: bool
    disruptive: bool
    seq: int


OrderHook = Callable[[Sequence[Node]], Iterable[Edge]]
