"""The provider ``mist``: translates the vocabulary to one organisation of the Mist cloud."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import attrs

from haplan.design import haplan_types
from haplan.kit.calls import ApiError
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
    Unauthorized,
    Written,
)
from haplan.plugin import (
    parse_address as parse,
)
from haplan_mist import aftermath, assess, calls, example, verify, waits
from haplan_mist.client import Client
from haplan_mist.config import MistConfig, access, destinations
from haplan_mist.estate import Estate, Lists
from haplan_mist.read import clusters, named, resources
from haplan_mist.read.recall import recall
from haplan_mist.settle import Settling, wait_of
from haplan_mist.translate import documents, keys
from haplan_mist.write.clusters import write_cluster
from haplan_mist.write.gateways import write_gateway
from haplan_mist.write.objects import write_object, write_setting, write_site
from haplan_mist.write.writer import Writer

LONGEST_WRITE = 45.0
"""Seconds that the engine allows a write; who is told to wait longer for an answer may have sent it long before."""
WRITERS = {
    "site": write_site, "setting": write_setting, "vpn": write_object, "network": write_object,
    "service": write_object, "gatewaytemplate": write_gateway, "deviceprofile": write_gateway,
    "cluster": write_cluster,
}  # fmt: skip
"""By kind of document."""


class MistProvider(Provider):
    """Sites, overlays, networks, applications, templates, profiles and pairs in a Mist organisation.

    Threads: those of an apply; it remembers nothing itself, and client and organisation take any.
    """

    name: ClassVar[str] = "mist"
    types: ClassVar[tuple[str, ...]] = haplan_types
    config: ClassVar[type] = MistConfig
    orderless: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "hub_profile": ("interfaces",),
        "wan_edge_template": ("interfaces",),
    }
    by_id: ClassVar[Mapping[str, tuple[str, ...]]] = {"cluster": ("site", "template", "profile")}
    hangs_after: ClassVar[float] = 4500.0  # a write may wait for the next hour's budget of calls
    poll_seconds: float = 60.0

    def __init__(self, client: Client, context: Context) -> None:
        self._client, self._context = client, context
        self.write_seconds = min(client.access.timeout or LONGEST_WRITE, LONGEST_WRITE)
        self._estate = Estate(client, context.clock, context.tell)
        self._settling = Settling(self._estate, context.clock)
        self._identity: Mapping[str, str] = {}

    @classmethod
    def open(cls, settings: MistConfig, context: Context) -> "MistProvider":
        """Make one; nothing is sent yet."""
        found = access(settings, context.environ, context.secret)
        return cls(Client(found, context.clock, log=context.log, tell=context.tell), context)

    @classmethod
    def lab(cls, request: LabRequest) -> Lab:
        """Start the simulator."""
        from haplan_mist.labs import start

        return start(request)

    @classmethod
    def example(cls) -> Mapping[str, str]:
        """A pair in one site."""
        return example.FILES

    @classmethod
    def check_extra(cls, type_name: str, extra: Mapping[str, Tree]) -> Iterable[str | Doubt]:
        """One line for each wrong vendor key; `type_name` may also be a usage of an interface."""
        return tuple(keys.problems(type_name, extra))

    @classmethod
    def destinations(
        cls, settings: MistConfig, environ: Mapping[str, str], resources: Resources
    ) -> Sequence[Destination]:
        """The cloud."""
        return destinations(settings, environ)

    # --- looking ---

    def identity(self) -> Mapping[str, str]:
        """The organisation that the token reaches.

        Raises:
            Unauthorized: The cloud does not accept the token.
            ProviderError: The organisation is not one of the token's.
        """
        if not self._identity:
            me = self._client.get("/self", what="mist")
            self._estate.own = _names(me)
            try:
                found = self._client.get(f"/orgs/{self._estate.id}", what="mist")
            except (ApiError, Unauthorized) as error:
                raise _unknown(self._estate.id, self._client.access.host, me, error) from None
            self._client.count_usage()
            self._identity = {
                "kind": "mist organisation", "id": self._estate.id, "name": str(found.get("name") or ""),
            }  # fmt: skip
        return self._identity

    def read(self, query: Query) -> Reading:
        """Read many resources from whole lists."""
        found = resources.read(self._estate, query, self._context)
        return attrs.evolve(found, look=self._estate.look())

    def facts(self, targets: Sequence[Target], look: Lists) -> Mapping[str, Mapping[str, Tree]]:
        """What rules want to know of devices and bindings; from what was read."""
        found = dict(clusters.facts(look, targets))
        for target in targets if not look.recalled else ():
            names = named.names_for(look, target)
            if names:
                found[target.address] = {**found.get(target.address, {}), "names": names}
        return found

    def recall(self, query: Query) -> Lists:
        """The lists as they would be if all were as recorded."""
        return recall(query)

    def placements(self, change: Change, look: Lists) -> Sequence[Placement]:
        """The documents a change touches."""
        return documents.placements(change, look)

    def assess(self, change: Change, look: Lists) -> Assessment:
        """Cost and reach; from what was read."""
        return assess.assess(look, change)

    def calls(self, transactions: Sequence[Task], look: Lists | None) -> Calls:
        """Calls made and expected, and what is left of the hour's budget."""
        expected = calls.expected(look or Lists({}), transactions, self.poll_seconds)
        writes = sum(map(calls.writes_of, transactions))
        return Calls(
            provider=self.name,
            made=self._client.made,
            expected=expected,
            left=self._client.budget.left,
            limit=self._client.budget.limit,
            writes=writes,
        )

    # --- writing ---

    def write(self, task: Task, io: Io) -> Written:
        """Carry out one transaction."""
        kind = task.transaction.document.kind
        write = WRITERS.get(kind)
        if write is None:
            raise ProviderError(f"mist: {task.transaction.document} is no document of this provider")
        deposed = frozenset(part.change.id for part in task.parts if part.change.deposed)
        again = waits.to_push_again(self._estate, task)
        writer = Writer(estate=self._estate, secret=self._context.secret, io=io, again=again, deposed=deposed)
        down = aftermath.down_before(self._estate, waits.reached(self._estate, task))
        with self._client.asking(io.still):
            sent = write(task, writer)
        wait = attrs.evolve(waits.after(self._estate, task, sent), down=tuple(down))
        return attrs.evolve(sent.written, settling=bool(wait.pair or wait.macs), receipt=wait.plain())

    # --- waiting ---

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        """How far these transactions are: one look at the stats, and one at the events, for all."""
        return self._settling.settle(tasks, {task.transaction.id: wait_of(task) for task in tasks})

    def verify(self, task: Task) -> Sequence[Finding]:
        """Look at a pair that has formed: node0, both nodes, links, equal firmware (HA175 to HA178, HA183); and at what
        a write reached: overlay paths, tunnels and BGP neighbours (HA180, HA181)."""
        wait, found = wait_of(task), list[Finding]()
        if task.transaction.document.kind == "cluster":
            self._estate.items("stats", verify.MAX_AGE)
            found += verify.findings(self._estate, task, wait)
        return (*found, *aftermath.findings(self._estate, task, wait.heads, wait.down))

    def identify(self, intent: Intent) -> Seen | None:
        """What became of an announced write: by name, or by the MACs of a pair; from fresh lists."""
        at = parse(intent.address)
        if at.type not in resources.NEEDS:
            return None
        values: dict[str, Tree] = {}
        owner = ""
        if intent.key.get("macs"):
            self._estate.items("sites")
            site = self._estate.name_of("sites", str(intent.key.get("site_id") or ""))
            values = {"nodes": {mac: {} for mac in intent.key["macs"]}, "site": site}
        elif at.owner:
            owner = intent.document.name
            values = {"profile" if intent.document.kind == "deviceprofile" else "template": owner}
        name = at.label if at.owner else str(intent.key.get("name") or at.label)
        identity = str(intent.key.get("id") or "") if not at.owner else ""
        if beside := intent.key.get("beside"):  # made in the place of another of this name, or of several
            made = self._estate.named_beside(
                str(intent.key["kind"]), name, [beside] if isinstance(beside, str) else beside
            )
            if made is None:
                return None
            identity = str(made["id"])
        target = Target(
            address=intent.address,
            type=at.type,
            name=name,
            id=identity,
            owner_name=owner,
            values=values,
            pending=True,
        )
        return self.read(Query(targets=(target,))).seen.get(intent.address)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def _unknown(organisation: str, host: str, me: Any, error: ProviderError) -> ProviderError:
    """Why an organisation is not one of the token's."""
    if isinstance(error, ApiError) and error.status not in (403, 404):
        return error
    rights = [right for right in (me or {}).get("privileges") or () if right.get("org_id")]
    known = sorted({f"{right['org_id']} ({right.get('name') or 'no name'})" for right in rights})
    return ProviderError(
        f"mist: organisation {organisation} is not visible to this token at {host}; "
        f"it sees {', '.join(known) or 'none'}: mend MIST_ORG_ID, MIST_HOST or the token"
    )


def _names(me: Mapping[str, Tree]) -> frozenset[str]:
    """What the audit log calls whoever this is: a token by its name, a person by name and address."""
    name, email = str(me.get("name") or ""), str(me.get("email") or "")
    person = f"{me.get('first_name') or ''} {me.get('last_name') or ''}".strip()
    return frozenset(filter(None, (name, email, f"{person} {email}".strip())))
