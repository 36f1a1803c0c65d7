"""The commit, and what became of it: what runs is looked at whatever the answer was, and says more than the answer.

An answer that is lost, a gateway's error, a page, an empty body, or a list that says that a node did not respond: none
of them tells whether the commit was carried out.
"""

import re
from collections.abc import Callable, Sequence

import attrs

from haplan.kit.calls import ApiError, Lost, NoAnswer
from haplan.plugin import Io, ProviderError, Stale
from haplan_ssr import rest
from haplan_ssr.estate import Estate
from haplan_ssr.translate.tree import Flat, Path

LOOKS = 10
"""How often what became of a commit is looked at, when its answer does not tell."""
PAUSE = 6.0
"""Seconds between two such looks."""
LATE = re.compile(r"respond|time[d ]*out|unreachable|in progress|busy|try again|connection", re.IGNORECASE)
"""Words of complaints that are about the way, not about the configuration."""


@attrs.frozen(kw_only=True)
class Commit:
    """One commit.

    Attributes:
        address: What it is told by.
        estate: The conductor.
        io: Whom to tell.
        tell: Takes a line for people.
        missing: What of the plan does not run, in words, of what runs.
        waits: True if the candidate holds what was planned, and nothing else.
        give_up: Leaves the candidate as it was found.
        told: Errors, with the resources that they concern.
    """

    address: str
    estate: Estate
    io: Io
    tell: Callable[[str], None]
    missing: Callable[[Flat], Sequence[Path]]
    waits: Callable[[], bool]
    give_up: Callable[[], object]
    told: Callable[[Sequence[rest.Complaint]], list[str]]

    def carry_out(self) -> None:
        """Commit, and see that it runs.

        Raises:
            ProviderError: It was not committed; or, `lost`, nobody knows.
            Stale: Somebody else committed something that does not go together with it.
        """
        try:
            said = self.estate.client.commit()
        except Lost as error:
            self._look(str(error))
            return
        except ProviderError:
            self.give_up()
            raise
        errors = self.told(said)
        if not errors:
            self._look(f"{self.address}: the conductor did not say that it committed")
        elif self._runs():
            self.tell(f"ssr: committed, although the conductor said: {'; '.join(errors)}")
        elif LATE.search(" ".join(errors)):
            self._look(f"{self.address}: the conductor said of the commit: {'; '.join(errors)}")
        else:
            self._refuse(errors)

    def _refuse(self, errors: Sequence[str]) -> None:
        """The conductor said no, and meant it."""
        self.give_up()
        text = "; ".join(errors)
        if "conflict" in text.lower():
            raise Stale(f"{text}; nothing of this transaction was committed: plan again")
        raise ProviderError(f"the conductor did not commit it: {text}")

    def _runs(self) -> bool:
        """True if what was planned runs; False where that cannot be looked at just now."""
        try:
            return not self.missing(self.estate.running())
        except (ApiError, NoAnswer):
            return False

    def _look(self, why: str) -> None:
        """Look until it runs. What still waits in the candidate is committed once more."""
        for look in range(LOOKS):
            if self._runs():
                return
            if look == 0:
                self.io.progress("the answer to the commit does not tell: looking what became of it")
            if look == 1:
                self._again()
            self.estate.clock.sleep(PAUSE)
        self.give_up()  # what is left in the candidate would be somebody's surprise
        raise ProviderError(f"{why}; it is not known whether it was committed", lost=True)

    def _again(self) -> None:
        try:
            if not self.waits():
                return
            self.io.still()
            errors = self.told(self.estate.client.commit())
        except (ApiError, NoAnswer):
            return
        if errors and not self._runs() and not LATE.search(" ".join(errors)):
            self._refuse(errors)
