"""The provider ``ssr``: the vocabulary on a Session Smart conductor. Everything is in one document, the authority."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import attrs

from haplan.design import haplan_types
from haplan.plugin import (
    Assessment,
    Calls,
    Change,
    Context,
    Destination,
    Doubt,
    Finding,
    Intent,
    Io,
    Lab,
    LabRequest,
    Placement,
    Provider,
    ProviderError,
    Query,
    Reading,
    Resources,
    Seen,
    Settlement,
    Target,
    Task,
    Tree,
    Written,
)
from haplan_ssr import assess, counting, example, settle, verify
from haplan_ssr.client import Client
from haplan_ssr.conductors import Conductors
from haplan_ssr.config import SsrConfig, accesses, destinations, release_of, terms
from haplan_ssr.estate import Estate
from haplan_ssr.read import resources
from haplan_ssr.read.facts import boxes_matter, facts, lines
from haplan_ssr.read.resources import Look
from haplan_ssr.translate import Terms, documents, vendor_keys
from haplan_ssr.write.writer import Writer, write

RELEASE, REACHED = "release", "reached"
"""Keys of what is remembered of the conductor for a plan that does not read."""


class SsrProvider(Provider):
    """Routers, tenants, services and service-policies in the authority of one conductor.

    Threads: those of an apply; it remembers nothing itself, and client and conductor take any.
    """

    name: ClassVar[str] = "ssr"
    types: ClassVar[tuple[str, ...]] = haplan_types
    config: ClassVar[type] = SsrConfig
    orderless: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "hub_profile": ("interfaces",),
        "wan_edge_template": ("interfaces",),
    }
    by_id: ClassVar[Mapping[str, tuple[str, ...]]] = {"cluster": ("template", "profile")}
    composes: ClassVar[bool] = True
    ordered: ClassVar[bool] = False
    poll_seconds: float = 30.0

    def __init__(self, estate: Estate, config: SsrConfig, context: Context) -> None:
        self._estate, self._config, self._context = estate, config, context
        self._given = terms(config)

    @classmethod
    def open(cls, settings: SsrConfig, context: Context) -> "SsrProvider":
        """Make one; nothing is sent yet."""
        found = accesses(settings, context.environ, context.secret)
        clients = [Client(one, context.clock, log=context.log, tell=context.tell) for one in found]
        client = Conductors(clients, context.tell) if len(clients) > 1 else clients[0]
        return cls(Estate(client, context.clock), settings, context)

    @classmethod
    def lab(cls, request: LabRequest) -> Lab:
        """Start the simulator."""
        from haplan_ssr.labs import start

        return start(request)

    @classmethod
    def example(cls) -> Mapping[str, str]:
        """A pair in one site."""
        return example.FILES

    @classmethod
    def check_extra(cls, type_name: str, extra: Mapping[str, Tree]) -> Iterable[str | Doubt]:
        """Vendor keys against the vendor's model."""
        return tuple(vendor_keys.problems(type_name, extra))

    @classmethod
    def destinations(
        cls, settings: SsrConfig, environ: Mapping[str, str], resources: Resources
    ) -> Sequence[Destination]:
        """The conductor."""
        return destinations(settings, environ)

    # --- looking ---

    def identity(self) -> Mapping[str, str]:
        """The authority, by its name and the conductor's own router.

        Raises:
            ProviderError: The conductor is of another release than the stack says.
        """
        self._estate.introduce()
        said, found = release_of(self._config.release), self._estate.release
        if said and found and said[:2] != found[:2]:
            raise ProviderError(
                f"ssr: {self._estate.client.host} runs {self._estate.version}, and the stack says "
                f'release="{self._config.release}"; mend the one that is wrong'
            )
        name = self._estate.authority
        return {"kind": "ssr authority", "id": f"{name}/{self._estate.router}", "name": name}

    def _terms(self) -> Terms:
        """What the translation goes by, with what the conductor says of itself."""
        self._estate.introduce()
        found, reached = self._estate.release or self._given.release, self._estate.reached
        return attrs.evolve(self._given, release=found, reached=reached)

    def read(self, query: Query) -> Reading:
        """Read many resources with one read of the tree, and one of the assets for what a plan says of pairs."""
        live = self._estate.running(query.max_age)
        given = self._terms()
        assets = self._estate.client.assets() if boxes_matter(query) else None
        at = attrs.evolve(resources.look(live, query, given), assets=assets, version=self._estate.version)
        memory = {RELEASE: list(given.release), REACHED: given.reached}
        return attrs.evolve(resources.read(at, query), look=at, memory=memory, notes=(*lines(at, query), *at.notes))

    def recall(self, query: Query) -> Look:
        """The authority as if it were as recorded, and the conductor as it was when it was last read."""
        release = tuple(query.memory.get(RELEASE) or self._given.release)
        reached = bool(query.memory.get(REACHED, self._given.reached))
        return resources.look(None, query, attrs.evolve(self._given, release=release, reached=reached))

    def facts(self, targets: Sequence[Target], look: Look) -> Mapping[str, Mapping[str, Tree]]:
        """What rules want to know of boxes and templates; from what was read."""
        return facts(targets, look)

    def placements(self, change: Change, look: Look) -> Sequence[Placement]:
        """The authority; nowhere, if what changes is said nowhere in it."""
        if not look.says(change):
            return (documents.NOWHERE,)
        return documents.placements(change, look.others.state(change))

    def assess(self, change: Change, look: Look) -> Assessment:
        """Cost and reach; from what was read."""
        return assess.assess(look, change)

    def calls(self, transactions: Sequence[Task], look: Look) -> Calls:
        """Calls made, and as many as the transactions take, by the edits that they lead to."""
        expected = counting.expected(transactions, look, self.poll_seconds) if transactions else 0
        return Calls(provider=self.name, made=self._estate.client.made, expected=expected, writes=len(transactions))

    # --- writing ---

    def write(self, task: Task, io: Io) -> Written:
        """Carry out one transaction: one candidate, one validate, one commit."""
        writer = Writer(
            estate=self._estate,
            terms=self._terms(),
            io=io,
            tell=self._context.tell,
            discard=self._config.discard_candidate,
        )
        return write(task, writer)

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        """How far these transactions are."""
        return settle.settled(self._estate, tasks)

    def verify(self, task: Task) -> Sequence[Finding]:
        """What ails the routers of a settled transaction (HA176, HA177, HA180, HA182, HA183)."""
        return verify.told(task)

    def identify(self, intent: Intent) -> Seen | None:
        """Nothing to look for: every write is idempotent, and what it led to shows in the next refresh."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._estate.client.close()
