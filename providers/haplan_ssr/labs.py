"""Starting the simulator for a stack, from its ``lab.toml``."""

from collections.abc import Mapping, Sequence
from typing import Any

from haplan.plugin import (
    Clock,
    LabRequest,
    ProviderError,
)
from haplan_ssr.lab import PERSON, USER, Lab, LabDefinition, Served, read_definition


class SsrLab:
    """A running simulator.

    Attributes:
        clock: Its clock: sleeping takes no time.
        settings: Provider settings that reach it.
        url: Where it answers.
    """

    def __init__(self, lab: Lab, served: Served) -> None:
        self._lab, self._served = lab, served
        self.clock: Clock = lab.clock
        self.url = served.url
        self.settings: Mapping[str, Any] = {
            "host": served.host, "username": USER, "password": lab.password(), "ca_file": str(served.ca_file),
        }  # fmt: skip

    def describe(self) -> Sequence[str]:
        """What another client needs. What is done as PERSON_USERNAME was done by somebody else."""
        return (
            f"SSR_HOST={self._served.host}",
            f"SSR_USERNAME={USER}",
            f"SSR_PASSWORD={self._lab.password()}",
            f"PERSON_USERNAME={PERSON}",
            f"PERSON_PASSWORD={self._lab.password(PERSON)}",
            f"SSL_CERT_FILE={self._served.ca_file}",
        )

    def stop(self) -> None:
        """End it; the estate stays."""
        self._lab.stop()


def start(request: LabRequest) -> SsrLab:
    """Start a simulator: it serves HTTPS, as a conductor does, whether or not that is asked for.

    Raises:
        ProviderError: The definition is wrong; the line names file and key.
    """
    try:
        definition = read_definition(request.definition) if request.definition else LabDefinition()
    except (OSError, ValueError) as error:
        raise ProviderError(f"ssr lab: {error}") from None
    lab = Lab(request.folder, definition=definition)
    return SsrLab(lab, lab.start(port=request.port))
