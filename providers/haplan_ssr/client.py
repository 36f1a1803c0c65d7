"""The HTTP client of one conductor: login, and how it answers; see `haplan.kit.http` for the rest.

An edit of the candidate is sent once: where nobody knows what became of it, the candidate is given up and edited anew.
A commit whose answer never came is `Lost`: what became of it is read back.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from haplan.kit.calls import Answer, Call
from haplan.kit.http import HttpClient, silent
from haplan.plugin import Clock, Tree, Unauthorized
from haplan_ssr import rest
from haplan_ssr.config import Access
from haplan_ssr.questions import Questions

if TYPE_CHECKING:
    import httpx


class Client(HttpClient, Questions):
    """Calls to one conductor.

    Threads: any; one logs in for all of them, under a lock.

    Attributes:
        access: Where it goes.
    """

    name: ClassVar[str] = "ssr"
    root: ClassVar[str] = rest.BASE
    check: ClassVar[str] = "SSR_HOST and the network"
    trusting: ClassVar[str] = "give its CA as ca_file=, or the certificate's own SHA-256 as fingerprint="
    attempts: ClassVar[int] = 4
    unknown: ClassVar[str] = ""

    def __init__(
        self, access: Access, clock: Clock, *, log: Callable[[str], None] = silent,
        tell: Callable[[str], None] = silent, transport: "httpx.BaseTransport | None" = None,
    ) -> None:  # fmt: skip
        super().__init__(access, clock, log=log, tell=tell, transport=transport)
        self.access = access
        self._token = ""
        self._login_lock = threading.Lock()
        if not access.verify:
            tell(f"warning: the certificate of {access.host} is not verified (verify=False): anybody could answer")

    @property
    def host(self) -> str:
        """Host and port."""
        return self.access.host

    # --- What a conductor has its own way of ---

    def send(self, call: Call) -> Answer:
        """With the token of a login; one that has run out is renewed once."""
        if call.path == rest.LOGIN:
            return self.exchange(call)
        token = self._token or self._login("")
        answer = self.exchange(call, {"Authorization": f"Bearer {token}"})
        if answer.status == 401:
            answer = self.exchange(call, {"Authorization": f"Bearer {self._login(token)}"})
        return answer

    def clear(self, call: Call, answer: Answer) -> bool:
        """Validate and commit are judged by their body first, then by their status."""
        return call.path in (rest.VALIDATE, rest.COMMIT) and bool(rest.complaints(answer.body))

    def answered(self, call: Call, answer: Answer) -> Tree:
        """The body; of a login the token."""
        if call.path == rest.LOGIN:
            return self._token_of(answer)
        if self.clear(call, answer):
            return answer.body
        if answer.status in (401, 403):
            raise Unauthorized(
                f"ssr: {self.access.host} forbids {self.access.username}: {call.what} ({answer.status}: "
                f"{self.detail(answer)}); the user needs the capabilities config-read and config-write"
            )
        return super().answered(call, answer)

    def detail(self, answer: Answer) -> str:
        """What an error says."""
        return rest.message_of(answer.body) or answer.line

    def subject(self, call: Call) -> str:
        """Begins a message."""
        return "ssr: "

    def named(self, call: Call) -> str:
        """A call in a message."""
        return f"ssr: {call.what}"

    def refusal(self, call: Call, answer: Answer) -> str:
        """The sentence about an answer that is no yes."""
        said = f"{answer.status}: {self.detail(answer)}"
        return f"{self.named(call)}: {self.access.host} answered {call.method} with {said}"

    # --- Inside ---

    def _login(self, old: str) -> str:
        """The token; a new one unless another thread has replaced `old` already."""
        with self._login_lock:
            if not self._token or self._token == old:
                given = {"username": self.access.username, "password": self.access.password}
                call = Call(method="POST", path=rest.LOGIN, body=given, what="login", reads=True)
                self._token = self.call(call)
            return self._token

    def _token_of(self, answer: Answer) -> str:
        token = answer.body.get("token") if isinstance(answer.body, Mapping) else ""
        if not token:
            raise Unauthorized(
                f"ssr: {self.access.host} does not let {self.access.username} in ({answer.status}: "
                f"{rest.message_of(answer.body) or 'no token'}); check SSR_USERNAME and SSR_PASSWORD"
            )
        return str(token)
