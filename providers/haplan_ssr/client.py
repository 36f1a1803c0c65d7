"""The HTTP client: login, TLS, retries, and errors in words.

What only reads is retried with jitter. An edit of the candidate is sent once: whatever fails before the commit, the
candidate is given up. A commit whose answer never came is `Lost`: what became of it is read back.
"""

import hashlib
import json
import random
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from haplan.plugin import (
    Clock,
    ProviderError,
    Unauthorized,
)
from haplan_ssr import rest
from haplan_ssr.config import Access
from haplan_ssr.rest import Store

if TYPE_CHECKING:  # imported where a client is made: no plan of another provider waits for it
    import httpx

ATTEMPTS = 4
CONNECT = 10.0
"""Seconds to wait for a connection."""


class ApiError(ProviderError):
    """The conductor answered with an error.

    Attributes:
        status: HTTP status.
        detail: What it said.
    """

    def __init__(self, message: str, *, status: int, detail: str) -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail


class Lost(ProviderError):
    """A request was sent and its answer never came: its outcome is unknown."""

    def __init__(self, message: str) -> None:
        super().__init__(message, lost=True)


def _nothing(_line: str) -> None:
    return None


class Client:
    """Calls to one conductor, counted.

    Attributes:
        access: Where it goes.
        made: Calls made so far.
    """

    def __init__(
        self, access: Access, clock: Clock, *, log: Callable[[str], None] = _nothing,
        tell: Callable[[str], None] = _nothing, transport: "httpx.BaseTransport | None" = None,
    ) -> None:  # fmt: skip
        self.access = access
        self.made = 0
        self._clock, self._log = clock, log
        self._lock = threading.Lock()
        self._token = ""
        self._random = random.Random()
        self._http = _http(access, transport)
        if not access.verify:
            tell(f"warning: the certificate of {access.host} is not verified (verify=False): anybody could answer")

    # --- What is asked ---

    def tree(self, store: Store) -> dict[str, Any]:
        """The whole configuration of a store."""
        found = self._read("GET", rest.tree_path(store), what=f"{store} configuration")
        if not isinstance(found, dict):
            raise ProviderError(f"ssr: {self.access.host} gave no configuration where its {store} one was asked for")
        return found

    def system(self) -> Mapping[str, Any]:
        """What the conductor says of itself."""
        found = self._read("GET", rest.SYSTEM, what="system")
        return found if isinstance(found, Mapping) else {}

    def version(self) -> Any:
        """Whether the candidate differs from what runs."""
        return self._read("GET", f"{rest.VERSION}?datastore=candidate", what="candidate")

    def assets(self) -> tuple[rest.Asset, ...]:
        """All assets."""
        return rest.assets(self._read("GET", f"{rest.ASSETS}?verbose=false", what="assets"))

    def query(self, query: str, **variables: Any) -> Mapping[str, Any]:
        """A GraphQL query; partial data is taken, since errors beside it may be noise."""
        body = {"query": query, "variables": variables}
        found = self._read("POST", rest.GRAPHQL, body, what="health")
        data = found.get("data") if isinstance(found, Mapping) else None
        return data if isinstance(data, Mapping) else {}

    def edit(self, method: str, url: str, body: Mapping[str, Any] | None, what: str) -> None:
        """One edit of the candidate; `url` is below it."""
        self._answered(self._call(method, f"{rest.CANDIDATE}{url}", body, what), method, what)

    def validate(self) -> tuple[rest.Complaint, ...]:
        """What is wrong with the candidate."""
        return self._judged(rest.VALIDATE, "validate")

    def commit(self) -> tuple[rest.Complaint, ...]:
        """Make the candidate the running configuration; what stood against it, () if nothing.

        Raises:
            Lost: It is not known whether it was done.
        """
        return self._judged(rest.COMMIT, "commit")

    def revert(self) -> None:
        """Throw away what the candidate has beyond what runs."""
        self._answered(self._call("POST", rest.REVERT, {}, "revert"), "POST", "revert")

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    # --- Inside ---

    def _judged(self, path: str, what: str) -> tuple[rest.Complaint, ...]:
        response = self._call("POST", path, rest.DISTRIBUTED, what)
        said = rest.complaints(_parsed(response))
        if not said:
            self._answered(response, "POST", what)
        return said

    def _read(self, method: str, path: str, body: Any = None, *, what: str) -> Any:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self._call(method, path, body, what)
            except Lost:
                if attempt == ATTEMPTS:
                    raise
            else:
                if response.status_code < 500 or attempt == ATTEMPTS:
                    return self._answered(response, method, what)
            self._nap(attempt)
        raise AssertionError("unreachable")

    def _call(self, method: str, path: str, body: Any, what: str) -> "httpx.Response":
        """One request with the token; a token that has run out is renewed once."""
        token = self._token or self._login("")
        response = self._send(method, path, body, what, token)
        if response.status_code == 401:
            response = self._send(method, path, body, what, self._login(token))
        return response

    def _login(self, old: str) -> str:
        """The token; a new one unless another thread has replaced `old` already."""
        with self._lock:
            if self._token and self._token != old:
                return self._token
            given = {"username": self.access.username, "password": self.access.password}
            response = self._send("POST", rest.LOGIN, given, "login", "")
            said = _parsed(response)
            token = str(said.get("token") or "") if isinstance(said, Mapping) else ""
            if response.status_code >= 500:
                self._answered(response, "POST", "login")
            if not token:
                raise Unauthorized(
                    f"ssr: {self.access.host} does not let {self.access.username} in ({response.status_code}: "
                    f"{rest.message_of(said) or 'no token'}); check SSR_USERNAME and SSR_PASSWORD"
                )
            self._token = token
            return token

    def _send(self, method: str, path: str, body: Any, what: str, token: str) -> "httpx.Response":
        import httpx

        self.made += 1
        started = self._clock.now()
        content = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        try:
            response = self._http.request(method, f"{rest.BASE}{path}", content=content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            self._log(f"{method} {path} no connection: {type(error).__name__}")
            raise self._unreachable(error) from None
        except httpx.TransportError as error:
            self._log(f"{method} {path} no answer: {type(error).__name__}")
            reason = str(error) or type(error).__name__
            raise Lost(f"ssr: {what}: no answer from {self.access.host} ({reason})") from None
        took = (self._clock.now() - started) * 1000
        sent = "" if body is None or path == rest.LOGIN else f" {content}"
        self._log(f"{method} {path} {response.status_code} {took:.0f} ms{sent}")
        return response

    def _unreachable(self, error: Exception) -> ProviderError:
        reason = str(error) or type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            hint = "give its CA as ca_file=, or the certificate's own SHA-256 as fingerprint="
            return ProviderError(f"ssr: the certificate of {self.access.host} is not trusted; {hint}")
        return ProviderError(f"ssr: cannot reach {self.access.url}: {reason}; check SSR_HOST and the network")

    def _answered(self, response: "httpx.Response", method: str, what: str) -> Any:
        body = _parsed(response)
        if response.status_code < 400:
            return body
        detail = rest.message_of(body) or (response.text or response.reason_phrase).strip()[:200]
        if response.status_code in (401, 403):
            raise Unauthorized(
                f"ssr: {self.access.host} forbids {self.access.username}: {what} ({response.status_code}: {detail}); "
                "the user needs the capabilities config-read and config-write"
            )
        message = f"ssr: {what}: {self.access.host} answered {method} with {response.status_code}: {detail}"
        raise ApiError(message, status=response.status_code, detail=detail)

    def _nap(self, attempt: int) -> None:
        self._clock.sleep(2 ** (attempt - 1) * (0.5 + self._random.random()))


class _Pinned(ssl.SSLContext):
    """Trusts one certificate, by its SHA-256."""

    fingerprint = ""

    def wrap_socket(self, *args: Any, **more: Any) -> ssl.SSLSocket:
        wrapped = super().wrap_socket(*args, **more)
        shown = hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()
        if shown != self.fingerprint:
            wrapped.close()
            raise ssl.SSLError(f"its certificate has the SHA-256 {shown}, expected {self.fingerprint}")
        return wrapped


def _context(access: Access) -> ssl.SSLContext | bool:
    if access.fingerprint:
        pinned = _Pinned(ssl.PROTOCOL_TLS_CLIENT)
        pinned.fingerprint = access.fingerprint
        pinned.check_hostname, pinned.verify_mode = False, ssl.CERT_NONE
        return pinned
    if not access.verify:
        return False
    try:
        return ssl.create_default_context(cafile=access.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ProviderError(f"ssr: cannot read the certificates in {access.ca_file}: {error}") from None


def _http(access: Access, transport: "httpx.BaseTransport | None") -> "httpx.Client":
    import httpx

    return httpx.Client(
        base_url=access.url, verify=_context(access), transport=transport, trust_env=False,
        timeout=httpx.Timeout(access.timeout, connect=CONNECT), headers={"Accept": "application/json"},
    )  # fmt: skip


def _parsed(response: "httpx.Response") -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None
