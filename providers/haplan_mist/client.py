"""The HTTP client: the organisation's token, pages, and what the cloud says; see `haplan.kit.http` for the rest.

A POST whose answer was lost is never repeated here: the caller looks for what it made first. Budget and 429: Mist
OpenAPI 2509.1.2, "Rate limiting".
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from haplan.kit.calls import Answer, ApiError, Call
from haplan.kit.http import HttpClient, silent
from haplan.plugin import Clock, ProviderError, Tree, Unauthorized, whole_in
from haplan_mist.config import Access

if TYPE_CHECKING:
    import httpx

PAGE = 1000
"""The largest page the cloud answers."""
PAGES = 1000
"""No list of the cloud is longer than so many pages."""


class Client(HttpClient):
    """Calls to one organisation's cloud.

    Threads: any; see `HttpClient`.

    Attributes:
        access: Where it goes.
    """

    name: ClassVar[str] = "mist"
    root: ClassVar[str] = "/api/v1"
    check: ClassVar[str] = "MIST_HOST, the network and the proxy"

    def __init__(
        self, access: Access, clock: Clock, *, log: Callable[[str], None] = silent,
        tell: Callable[[str], None] = silent, transport: "httpx.BaseTransport | None" = None,
    ) -> None:  # fmt: skip
        super().__init__(access, clock, log=log, tell=tell, transport=transport)
        self.access = access

    # --- calls ---

    def get(self, path: str, *, what: str = "", **params: Any) -> Tree:
        """One object."""
        return self._body("GET", path, params=params, what=what)

    def put(self, path: str, body: Tree, *, what: str = "") -> Tree:
        """Replace what the body carries; done twice is done once."""
        return self._body("PUT", path, body=body, what=what)

    def post(self, path: str, body: Tree, *, what: str = "", idempotent: bool = False) -> Tree:
        """Create, or start something.

        Raises:
            Lost: It is not known whether it was done.
        """
        return self._body("POST", path, body=body, what=what, again=idempotent)

    def delete(self, path: str, *, what: str = "") -> None:
        """Delete; what is gone already counts as deleted."""
        try:
            self._body("DELETE", path, what=what)
        except ApiError as error:
            if error.status != 404:
                raise

    def all(self, path: str, *, what: str = "", **params: Any) -> list[dict[str, Tree]]:
        """A whole collection. Objects that come or go while it is read make it read again.

        Raises:
            ProviderError: It has no end.
        """
        for _ in range(3):
            items, steady = self._pages(path, params, what)
            if steady:
                break
        return items

    def search(self, path: str, *, what: str = "", **params: Any) -> Iterator[dict[str, Tree]]:
        """Pages of a search, each as it was answered.

        Raises:
            ProviderError: It has no end.
        """
        call = Call(method="GET", path=path, params={**params, "limit": PAGE}, what=what)
        for _ in range(PAGES):
            answer = self.call(call).body
            if not isinstance(answer, dict):
                raise ProviderError(f"{self.named(call)} was answered with something else than a page of a search")
            yield answer
            if not answer.get("next"):
                return
            call = Call(method="GET", path=str(answer["next"]).removeprefix("/api/v1"), what=what)
        raise self._endless(call)

    def count_usage(self) -> None:
        """Learn how much of the hour's budget is left; asked once."""
        usage = self.get("/self/usage", what="the call budget")
        self.budget.learn(int(usage.get("request_limit", 5000)), int(usage.get("requests", 0)))

    # --- what the cloud has its own way of ---

    def send(self, call: Call) -> Answer:
        """With the token."""
        return self.exchange(call, {"Authorization": f"Token {self.access.token}"})

    def answered(self, call: Call, answer: Answer) -> Tree:
        """The body, and the headers that pages are counted by."""
        if answer.status < 300:
            return answer
        said = f"({answer.status}: {self.detail(answer)})"
        source = self.access.token_source
        if answer.status == 401:
            raise Unauthorized(
                f"{self.access.host} does not accept the API token from {source} {said}; "
                "check the token, and that the organisation lives on this cloud"
            )
        if answer.status == 403:
            raise Unauthorized(
                f"{self.subject(call)}{self.access.host} forbids {call.method} {call.path} to the token from {source} "
                f"{said}; give the token the role it needs in organisation {self.access.org_id}"
            )
        raise self.refused(call, answer)

    def detail(self, answer: Answer) -> str:
        """What an error says."""
        body = answer.body if isinstance(answer.body, Mapping) else {}
        reasons = body.get("reason")
        if isinstance(reasons, list) and reasons:
            return "; ".join(map(str, reasons))
        return str(body.get("detail") or reasons or answer.line)

    # --- inside ---

    def _body(self, method: str, path: str, **more: Any) -> Tree:
        return self.call(Call(method=method, path=path, **more)).body

    def _pages(self, path: str, params: Mapping[str, Tree], what: str) -> tuple[list[dict[str, Tree]], bool]:
        found: dict[str, dict[str, Tree]] = {}
        totals = set()
        for page in range(1, PAGES + 1):
            call = Call(method="GET", path=path, params={**params, "limit": PAGE, "page": page}, what=what)
            answer: Answer = self.call(call)
            items = answer.body if isinstance(answer.body, list) else None
            if items is None or not all(isinstance(item, dict) for item in items):
                raise ProviderError(f"{self.named(call)} was answered with something else than a list of objects")
            for item in items:
                found[str(item.get("id") or item.get("mac") or len(found))] = item
            limit = _number(answer, "X-Page-Limit", PAGE)
            total = _number(answer, "X-Page-Total", len(found) + (len(items) >= limit))  # a full page has a next one
            totals.add(total)
            if limit * page >= total or not items:
                return list(found.values()), len(totals) == 1 and len(found) == total
        raise self._endless(call)

    def _endless(self, call: Call) -> ProviderError:
        return ProviderError(f"{self.named(call)}: the list does not end after {PAGES} pages of {PAGE}")


def _number(answer: Answer, header: str, otherwise: int) -> int:
    text = answer.headers.get(header, "")
    return whole_in(text) or otherwise
