"""A provider's simulator, started for a stack: from its ``lab.toml``, or with the nodes of the stack's clusters."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import attrs

from haplan.plugin import Block, Clock, LabRequest, ProviderError, Tree


class Box(Protocol):
    """A box of a lab."""

    @property
    def mac(self) -> str:
        """In one spelling."""
        ...


B = TypeVar("B", bound=Box)


@attrs.frozen(kw_only=True)
class RunningLab:
    """A simulator that runs.

    Attributes:
        clock: Its clock: sleeping takes no time.
        settings: Provider settings that reach it.
        lines: What another client needs.
        end: Ends it; the estate stays.
    """

    clock: Clock
    settings: Mapping[str, Tree]
    lines: Sequence[str]
    end: Callable[[], None]

    def describe(self) -> Sequence[str]:
        """What another client needs."""
        return self.lines

    def stop(self) -> None:
        """End it; the estate stays."""
        self.end()


def own_name(request: LabRequest, name: str, between: str = " ") -> str:
    """The name of an estate: each alias has one of its own."""
    return f"{name}{between}{request.alias}" if request.alias else name


def start_lab(provider: str, request: LabRequest, start: Callable[[LabRequest], RunningLab]) -> RunningLab:
    """Start a simulator.

    Raises:
        ProviderError: The definition is wrong: the line names file and key; or a port is taken.
    """
    try:
        return start(request)
    except (OSError, ValueError) as error:
        raise ProviderError(f"{provider} lab: {error}") from None


@attrs.frozen(kw_only=True)
class Node:
    """A node of a cluster as the stack says it: all that is known of its box.

    Attributes:
        mac: As written.
        peer: MAC of the other node, or None.
        host: Where it is reached, or "".
        serial: As written, else made from the MAC.
        model: "" where the stack does not say it.
        version: The firmware that the cluster is to have, or "".
    """

    mac: str
    peer: str | None
    host: str
    serial: str
    model: str
    version: str

    @property
    def box(self) -> dict[str, Tree]:
        """What a `lab.toml` would say of it."""
        said = {"mac": self.mac, "serial": self.serial, "model": self.model, "version": self.version}
        return {key: value for key, value in said.items() if value}


def nodes_of(blocks: Iterable[Block]) -> Iterator[Node]:
    """The nodes of a stack's clusters."""
    for block in blocks:
        nodes = block.values.get("nodes") or {} if block.type == "cluster" and not block.data else {}
        for mac, node in nodes.items():
            firmware = block.values.get("firmware")
            yield Node(
                mac=mac, peer=next((other for other in nodes if other != mac), None),
                host=str(node.get("host") or ""), serial=str(node.get("serial") or f"LAB{mac}".upper()),
                model=str(node.get("model") or block.values.get("model") or ""),
                version=firmware if isinstance(firmware, str) else "",
            )  # fmt: skip


def boxes_of(request: LabRequest, device: Callable[[Node], B]) -> tuple[B, ...]:
    """A box for each node of a stack that seeds its lab: not clustered yet, the first word on a MAC counts."""
    made: dict[str, B] = {}
    for node in nodes_of(request.blocks):
        box = device(node)
        made.setdefault(box.mac, box)
    return tuple(made.values())
