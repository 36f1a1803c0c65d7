"""What people say of a plan, signed; and what a policy wants of that."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import attrs

from haplan.model.plan import IMPACTS, ImpactKind

NAMESPACE = "haplan-plan"
"""What an SSH signature is for: one made for something else counts for no plan."""


@attrs.frozen(kw_only=True)
class Decision:
    """A yes or a no.

    Attributes:
        yes: What is said.
        ticket: Where the change is asked for, or "".
        comment: Why, on one line, or "".
        expires: Epoch seconds, whole ones, until which it counts; 0 = as long as the plan can be applied.
    """

    yes: bool
    ticket: str = ""
    comment: str = ""
    expires: int = 0


@attrs.frozen(kw_only=True)
class Approval:
    """A signed decision, as it was found beside a plan file and judged.

    Attributes:
        file: Its file.
        decision: What it says; None where it cannot be read.
        who: Who signed it, as the list of signers has them; "" of a key that is not there.
        key: Fingerprint of the key, or "".
        wrong: Why it does not count, or "".
    """

    file: str
    decision: Decision | None = None
    who: str = ""
    key: str = ""
    wrong: str = ""

    @property
    def counts(self) -> bool:
        """True if it is a decision on this plan by somebody who may sign, and has not expired."""
        return not self.wrong


@attrs.frozen(kw_only=True)
class Need:
    """What a policy wants of plans from an impact on.

    Attributes:
        impact: The least impact that it is about; ``none`` = every plan.
        environment: Glob of environments.
        approvals: So many people say yes.
        roles: Role → how many of them have it.
    """

    impact: ImpactKind = "none"
    environment: str = "*"
    approvals: int = 1
    roles: Mapping[str, int] = attrs.field(factory=dict)

    def about(self, impact: ImpactKind, environment: str) -> bool:
        """True if a plan of this impact in this environment has this need."""
        return IMPACTS.index(impact) >= IMPACTS.index(self.impact) and fnmatchcase(environment, self.environment)


@attrs.frozen(kw_only=True)
class Policy:
    """Who has to say yes to what.

    Attributes:
        place: Its file.
        digest: Of its content and of the lists that it names.
        signers: File in the format of OpenSSH's ``allowed_signers``.
        revoked: File with revoked keys, or "".
        roles: Role → who has it, by the names of `signers`.
        authors: Who made a plan, as the plan names them → their name in `signers`.
        needs: What is wanted; all that are about a plan hold.
        longest: Seconds that a yes may count at most; 0 = no bound.
        vetoes: Roles whose no blocks.
    """

    place: str
    digest: str
    signers: str
    revoked: str = ""
    roles: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    authors: Mapping[str, str] = attrs.field(factory=dict)
    needs: tuple[Need, ...] = ()
    longest: int = 0
    vetoes: tuple[str, ...] = ()
