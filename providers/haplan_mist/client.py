"""The HTTP client: authentication, paging, retries, budget, and errors in words.

What may be done twice is retried with jitter: GET, PUT and DELETE. A POST whose answer was lost is never repeated here:
the caller looks for what it made first. Budget and 429: Mist OpenAPI 2509.1.2, "Rate limiting".
"""

import json
import random
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from haplan.plugin import (
    Clock,
    ProviderError,
    Unauthorized,
)
from haplan_mist.config import Access

if TYPE_CHECKING:  # imported where a client is made: no plan of another provider waits for it
    import httpx

PAGE = 1000
"""The largest page the cloud answers."""
ATTEMPTS = 5
LONGEST_NAP = 60.0
"""Waits are cut into pieces, so that an interrupt comes through and the wait is told."""
_SECRET_KEYS = re.compile(r"passw|psk|secret|token|auth_key|community|poser", re.IGNORECASE)


class ApiError(ProviderError):
    """The cloud answered with an error.

    Attributes:
        status: HTTP status.
        detail: What it said.
        body: The answer, parsed, or None.
    """

    def __init__(self, message: str, *, status: int, detail: str, body: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail
        self.body = body


class Lost(ProviderError):
    """A request was sent and its answer never came, or said nothing: its outcome is unknown."""

    def __init__(self, message: str) -> None:
        super().__init__(message, lost=True)


def _nothing(_line: str) -> None:
    return None


class Client:
    """Calls to one organisation's cloud, counted.

    Attributes:
        access: Where it goes.
        made: Calls made so far.
        limit: Calls an hour that the token may make, once known.
    """

    def __init__(
        self, access: Access, clock: Clock, *, log: Callable[[str], None] = _nothing,
        tell: Callable[[str], None] = _nothing, transport: "httpx.BaseTransport | None" = None,
    ) -> None:  # fmt: skip
        self.access = access
        self.made = 0
        self.limit: int | None = None
        self._left: int | None = None
        self._left_at = 0
        self._clock, self._log, self._tell = clock, log, tell
        self._lock = threading.Lock()
        self._resume_at = 0.0
        self._random = random.Random()
        self._asking = threading.local()
        self._http = _http(access, transport)

    @contextmanager
    def asking(self, still: Callable[[], None]) -> Iterator[None]:
        """For what this thread writes: ask `still` before a request that waited is sent, or one is sent again."""
        self._asking.still = still
        try:
            yield
        finally:
            del self._asking.still

    # --- calls ---

    def get(self, path: str, *, what: str = "", **params: Any) -> Any:
        """One object."""
        return self._call("GET", path, params=params, what=what)[0]

    def put(self, path: str, body: Any, *, what: str = "") -> Any:
        """Replace what the body carries; done twice is done once."""
        return self._call("PUT", path, body=body, what=what)[0]

    def post(self, path: str, body: Any, *, what: str = "", idempotent: bool = False) -> Any:
        """Create, or start something.

        Raises:
            Lost: It is not known whether it was done.
        """
        return self._call("POST", path, body=body, what=what, again=idempotent)[0]

    def delete(self, path: str, *, what: str = "") -> None:
        """Delete; what is gone already counts as deleted."""
        try:
            self._call("DELETE", path, what=what)
        except ApiError as error:
            if error.status != 404:
                raise

    def all(self, path: str, *, what: str = "", **params: Any) -> list[dict[str, Any]]:
        """A whole collection. Objects that come or go while it is read make it read again."""
        for _ in range(3):
            items, steady = self._pages(path, params, what)
            if steady:
                break
        return items

    def search(self, path: str, *, what: str = "", pages: int = 1000, **params: Any) -> Iterator[dict[str, Any]]:
        """Pages of a search, each as it was answered."""
        answer = self.get(path, what=what, limit=PAGE, **params)
        while True:
            pages -= 1
            yield answer
            if not answer.get("next") or pages <= 0:
                return
            answer = self.get(str(answer["next"]).removeprefix("/api/v1"), what=what)

    def count_usage(self) -> None:
        """Learn how much of the hour's budget is left; asked once."""
        usage = self.get("/self/usage", what="the call budget")
        with self._lock:
            self.limit = int(usage.get("request_limit", 5000))
            self._left = self.limit - int(usage.get("requests", 0))
            self._left_at = self.made

    @property
    def left(self) -> int | None:
        """Calls left in this hour, as far as known."""
        return None if self._left is None else max(self._left - (self.made - self._left_at), 0)

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    # --- inside ---

    def _pages(self, path: str, params: Mapping[str, Any], what: str) -> tuple[list[dict[str, Any]], bool]:
        found: dict[str, dict[str, Any]] = {}
        page, totals = 1, set()
        while True:
            items, headers = self._call("GET", path, params={**params, "limit": PAGE, "page": page}, what=what)
            for item in items:
                found[str(item.get("id") or item.get("mac") or len(found))] = item
            limit = int(headers.get("X-Page-Limit") or PAGE)
            total = int(headers.get("X-Page-Total") or len(found))
            totals.add(total)
            if limit * page >= total or not items:
                return list(found.values()), len(totals) == 1 and len(found) == total
            page += 1

    def _call(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None, what: str = "",
        again: bool | None = None,
    ) -> tuple[Any, Mapping[str, str]]:  # fmt: skip
        import httpx

        again = method != "POST" if again is None else again
        subject = f"{what}: " if what else ""
        for attempt in range(1, ATTEMPTS + 1):
            waited = self._wait_for_budget()
            if (waited or attempt > 1) and method != "GET":
                self._ask_still()
            try:
                response = self._send(method, path, params, body)
            except httpx.ConnectError as error:
                self._unreachable(error, attempt, subject)
            except httpx.TransportError as error:
                self._no_answer(f"{method} {path}", error, again, attempt, subject)
            else:
                if response.status_code == 429:
                    self._over_budget(response, attempt, subject)
                elif response.status_code < 500:
                    return self._answer(response, method, path, subject)
                else:
                    self._server_error(response, f"{method} {path}", again, attempt, subject)
        raise ProviderError(f"{subject}{method} {path} failed {ATTEMPTS} times at {self.access.host}; try again later")

    def _send(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> "httpx.Response":
        import httpx

        with self._lock:
            self.made += 1
        started = self._clock.now()
        query = {key: _text(value) for key, value in (params or {}).items()}
        content = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        url = f"/api/v1{path}"
        try:
            response = self._http.request(method, url, params=query or None, content=content, headers=headers)
        except httpx.TransportError as error:
            self._log(f"{method} {url} no answer: {type(error).__name__}")
            raise
        sent = "" if body is None else f" {json.dumps(redacted(body), ensure_ascii=False)}"
        took = (self._clock.now() - started) * 1000
        self._log(f"{method} {response.request.url.raw_path.decode()} {response.status_code} {took:.0f} ms{sent}")
        return response

    def _answer(
        self, response: "httpx.Response", method: str, path: str, subject: str
    ) -> tuple[Any, Mapping[str, str]]:
        body = _parsed(response)
        if response.status_code < 400:
            return body, response.headers
        detail = _detail(body, response)
        if response.status_code == 401:
            raise Unauthorized(
                f"{self.access.host} does not accept the API token from {self.access.token_source} (401: {detail}); "
                "check the token, and that the organisation lives on this cloud"
            )
        if response.status_code == 403:
            raise Unauthorized(
                f"{subject}{self.access.host} forbids {method} {path} to the token from {self.access.token_source} "
                f"(403: {detail}); give the token the role it needs in organisation {self.access.org_id}"
            )
        message = f"{subject}{method} {path} was answered with {response.status_code}: {detail}"
        raise ApiError(message, status=response.status_code, detail=detail, body=body)

    # --- what goes wrong ---

    def _unreachable(self, error: Exception, attempt: int, subject: str) -> None:
        # nothing was sent: as good for a POST as for a GET
        if attempt >= 3:
            reason = str(error) or type(error).__name__
            raise ProviderError(
                f"{subject}cannot reach {self.access.url}: {reason}; check MIST_HOST, the network and the proxy"
            ) from None
        self._nap(attempt)

    def _no_answer(self, call: str, error: Exception, again: bool, attempt: int, subject: str) -> None:
        reason = f"{subject}{call}: no answer from {self.access.host} ({str(error) or type(error).__name__})"
        if not again or attempt >= ATTEMPTS:
            raise Lost(f"{reason}; it is not known whether it was done") from None
        self._nap(attempt)

    def _server_error(self, response: "httpx.Response", call: str, again: bool, attempt: int, subject: str) -> None:
        detail = _detail(_parsed(response), response)
        if not again:
            raise Lost(f"{subject}{call} was answered with {response.status_code}: {detail}; its outcome is unknown")
        if attempt >= ATTEMPTS:
            raise ApiError(
                f"{subject}{call} was answered with {response.status_code}: {detail}; try again later",
                status=response.status_code, detail=detail,
            )  # fmt: skip
        self._nap(attempt)

    def _over_budget(self, response: "httpx.Response", attempt: int, subject: str) -> None:
        if attempt >= ATTEMPTS:
            raise ProviderError(f"{subject}the call budget of the token is used up; try again after the full hour")
        try:
            seconds = float(response.headers.get("Retry-After", ""))
        except ValueError:
            seconds = 5.0 * 2**attempt
        with self._lock:
            self._resume_at = max(self._resume_at, self._clock.now() + seconds)
            self._left = None

    def _ask_still(self) -> None:
        still = getattr(self._asking, "still", None)
        if still is not None:
            still()

    def _wait_for_budget(self) -> bool:
        """True if there was something to wait for."""
        waited = False
        while True:
            with self._lock:
                rest = self._resume_at - self._clock.now()
            if rest <= 0:
                return waited
            waited = True
            self._tell(f"waiting {rest:.0f} s: the hour's budget of API calls is used up")
            self._clock.sleep(min(rest, LONGEST_NAP))

    def _nap(self, attempt: int) -> None:
        self._clock.sleep(2 ** (attempt - 1) * (0.5 + self._random.random()))


def _http(access: Access, transport: "httpx.BaseTransport | None") -> "httpx.Client":
    import httpx

    verify: ssl.SSLContext | bool = True
    if access.ca_file:
        try:
            verify = ssl.create_default_context(cafile=access.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ProviderError(f"mist: cannot read the certificates in {access.ca_file}: {error}") from None
    return httpx.Client(
        base_url=access.url, timeout=access.timeout or None, verify=verify, transport=transport,
        headers={"Authorization": f"Token {access.token}", "Accept": "application/json"},
        proxy=access.proxy or None if not access.loopback else None,
        trust_env=not access.loopback,
        limits=httpx.Limits(max_connections=16),
    )  # fmt: skip


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parsed(response: "httpx.Response") -> Any:
    # error bodies may be empty or no JSON at all
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        return None


def _detail(body: Any, response: "httpx.Response") -> str:
    if isinstance(body, Mapping):
        reasons = body.get("reason")
        if isinstance(reasons, list) and reasons:
            return "; ".join(map(str, reasons))
        text = body.get("detail") or reasons
        if text:
            return str(text)
    return (response.text or response.reason_phrase or "no text").strip().splitlines()[0][:200]


def redacted(body: Any, key: str = "") -> Any:
    """A body fit for a log: what looks like a secret is starred."""
    if isinstance(body, Mapping):
        return {name: redacted(value, str(name)) for name, value in body.items()}
    if isinstance(body, list):
        return [redacted(value, key) for value in body]
    return "***" if isinstance(body, str) and _SECRET_KEYS.search(key) else body
