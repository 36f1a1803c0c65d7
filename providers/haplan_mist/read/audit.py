"""The organisation's audit log: who changed what since when, and which sites need no new look.

`GET /orgs/{org_id}/logs` of Mist OpenAPI 2509.1.2: newest first, `before` and `after` hold the changed keys.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from haplan.plugin import Tree
from haplan_mist.client import PAGE, Client

MOST_PAGES = 12
"""Beyond these, reading everything afresh is as good."""
FIRST = 1
"""The first second there is, since 0 may be taken for none."""
LONG_AGO = 90 * 86400


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of the log.

    Attributes:
        id: Its id.
        at: Epoch seconds.
        who: The administrator or token.
        site_id: The site it concerns, or "".
        object_id: The object it concerns, or "".
        message: One line.
        before: Changed keys before, or None.
        after: Changed keys after, or None.
    """

    id: str
    at: float
    who: str
    site_id: str
    object_id: str
    message: str
    before: Mapping[str, Tree] | None
    after: Mapping[str, Tree] | None

    @property
    def variables(self) -> Mapping[str, Tree] | None:
        """Site variables as this entry left them; None if it does not speak of them."""
        for side in (self.after, self.before):
            if side is not None and "vars" in side:
                return (self.after or {}).get("vars") or {}
        return None

    @property
    def opaque(self) -> bool:
        """True if it may have changed a site's setting without saying how."""
        return self.before is None and self.after is None and "setting" in self.message.lower()

    @property
    def creates_site(self) -> bool:
        """True if it is the first of a site."""
        return self.before is None and bool(self.object_id) and self.object_id == self.site_id


def latest(client: Client, path: str, now: float) -> tuple[Mapping[str, Tree], list[Entry]]:
    """The anchor, so that the next look begins behind the newest entry, and one page of what came before it, oldest
    first; an anchor without an id for an empty log."""
    answer = client.get(path, what="the audit log", start=int(now - LONG_AGO), limit=PAGE, page=1)
    found = list(_entries(answer))
    # an empty log is an anchor too: all that comes is after it, and a plan made twice holds the same
    return anchor_of(found) if found else {"id": "", "at": FIRST}, list(reversed(found))


def anchor_of(newest_first: Sequence[Entry]) -> dict[str, Tree]:
    """The newest entry, with those of the same second: the next look asks from that second on, and knows them."""
    first, *others = newest_first
    beside = [one.id for one in others if int(one.at) == int(first.at)]
    return {"id": first.id, "at": first.at, **({"beside": beside} if beside else {})}


def since(client: Client, path: str, anchor: Mapping[str, Tree]) -> list[Entry] | None:
    """Every entry after the anchor, oldest first; None if the log has a gap or has grown too long."""
    found: dict[str, Entry] = {}
    for page in range(1, MOST_PAGES + 1):
        answer = client.get(path, what="the audit log", start=int(anchor["at"]), limit=PAGE, page=page)
        found.update((entry.id, entry) for entry in _entries(answer))
        if page * int(answer.get("limit") or PAGE) >= int(answer.get("total") or 0):
            complete = len(found) >= int(answer.get("total") or 0) and (not anchor["id"] or anchor["id"] in found)
            for known in (str(anchor["id"]), *anchor.get("beside", ())):
                found.pop(known, None)
            return list(reversed(found.values())) if complete else None
    return None


def recent(client: Client, path: str, now: float, days: int = 7) -> list[Entry]:
    """One page of the newest entries, for who and when; oldest first."""
    answer = client.get(path, what="the audit log", start=int(now - days * 86400), limit=PAGE, page=1)
    return list(reversed(list(_entries(answer))))


def authors(entries: Iterable[Entry], own: Collection[str] = ()) -> dict[str, tuple[str, float]]:
    """Object or site → who touched it last, and when.

    What drifted, somebody else changed: haplan's own writes since, by the names in `own`, count only where nobody else
    is known to have touched the object.
    """
    found: dict[str, tuple[str, float]] = {}
    for entry in sorted(entries, key=lambda entry: entry.who not in own):
        if entry.site_id:
            found[entry.site_id] = (entry.who, entry.at)
        if entry.object_id:
            found[entry.object_id] = (entry.who, entry.at)
    return found


def by_site(entries: Iterable[Entry], sites: Iterable[str]) -> dict[str, list[Entry]]:
    """Entries that concern sites, by site, oldest first."""
    there = set(sites)
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        for site in {entry.site_id, entry.object_id} & there:
            found.setdefault(site, []).append(entry)
    return found


def _entries(answer: Any) -> Iterator[Entry]:
    for item in (answer or {}).get("results") or ():
        before, after = item.get("before"), item.get("after")
        sides = [side for side in (after, before) if isinstance(side, Mapping)]
        yield Entry(
            id=str(item.get("id") or ""), at=float(item.get("timestamp") or 0), who=str(item.get("admin_name") or ""),
            site_id=str(item.get("site_id") or ""),
            object_id=next((str(side["id"]) for side in sides if side.get("id")), ""),
            message=str(item.get("message") or ""),
            before=before if isinstance(before, Mapping) else None,
            after=after if isinstance(after, Mapping) else None,
        )  # fmt: skip
