"""What providers may be asked beside planning and applying. Each verb is optional: who lacks it cannot, and says so."""

from collections.abc import Mapping
from typing import Literal

import attrs

from haplan.model.value import Tree


@attrs.frozen
class Request:
    """One request that a write would send.

    Attributes:
        step: As `haplan.contracts.Io.about_to` announces it.
        method: What is done, in the backend's words, such as ``PUT`` or ``edit-config``.
        target: To what: a path, a document, a device.
        body: What is sent, secrets by their sources.
    """

    step: str
    method: str
    target: str
    body: Tree = None


@attrs.frozen
class Procedure:
    """Something that is done step by step under guards, beside what a stack says, such as the swap of a node.

    Attributes:
        name: Such as ``replace-node``.
        title: What it does, in one line.
        types: Resource types that it is for.
    """

    name: str
    title: str
    types: tuple[str, ...]


@attrs.frozen
class AdoptQuery:
    """What of an estate is to be told, so that a stack can be written from it.

    Attributes:
        types: Resource types; none means all that the provider serves.
        names: Globs of names, by type.
    """

    types: tuple[str, ...] = ()
    names: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Found:
    """One object that runs, as the vocabulary says it.

    Attributes:
        type: Resource type.
        name: Remote name.
        id: The backend's id.
        owner: (type, id) of what it lives in, or None.
        values: As `haplan.contracts.Seen.values`.
        notes: What the vocabulary cannot say of it, one line each.
    """

    type: str
    name: str
    id: str
    owner: tuple[str, str] | None = None
    values: Mapping[str, Tree] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()


@attrs.frozen
class Flow:
    """Traffic that somebody wants.

    Attributes:
        source: Address of the resource that it comes from, such as a network at a site.
        destination: Address of the resource, or the network address, that it goes to.
        application: Address of the application, or "".
    """

    source: str
    destination: str
    application: str = ""


@attrs.frozen
class Way:
    """How traffic goes.

    Attributes:
        verdict: Whether it gets there; ``unknown`` where the provider cannot tell.
        hops: What it passes, in order, in the backend's words.
        why: What decides it, one line.
        evidence: What was seen, plain data.
    """

    verdict: Literal["allowed", "denied", "lost", "unknown"]
    hops: tuple[str, ...] = ()
    why: str = ""
    evidence: Mapping[str, Tree] = attrs.field(factory=dict)
