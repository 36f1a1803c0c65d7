"""Calls that a simulator does not have: each is told once, so that who points a client at it knows what is missing."""

import logging

LOG = logging.getLogger("haplan.lab")
"""Nobody listening, its warnings are lines on stderr."""


class NotSimulated:
    """What was asked of one simulator and is not in it.

    Threads: that of its server.
    """

    def __init__(self, product: str) -> None:
        self._product, self._told = product, set[str]()

    def tell(self, call: str, answer: str) -> None:
        """Say of a call that it is not simulated, and what it is answered with; the first time only."""
        if call not in self._told:
            self._told.add(call)
            LOG.warning("%s: not simulated: %s, answered with %s", self._product, call, answer)
