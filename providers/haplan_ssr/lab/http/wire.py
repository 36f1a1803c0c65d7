"""What a handler gets and gives: calls and refusals."""

from collections.abc import Mapping

import attrs

from haplan.lab import exchange as lab
from haplan.plugin import Tree
from haplan_ssr.lab.estate import Tx


def error(message: str) -> dict[str, Tree]:
    """The body of an error."""
    return {"message": message}


class Refused(lab.Refused):
    """The call is answered with an error and leaves nothing behind: a JSON object with `message`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, error(message))


@attrs.frozen(kw_only=True)
class Call:
    """One call that passed the router.

    Attributes:
        tx: The transaction that everything happens in.
        method: HTTP method.
        path: Segments below /api/v1, decoded.
        query: Last value of each query parameter.
        body: Parsed JSON, None when there was none.
        user: Who calls.
    """

    tx: Tx
    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: Tree
    user: str

    def object_body(self) -> dict[str, Tree]:
        """The body, which has to be an object; {} where there is none."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise Refused(400, "the body must be a JSON object")
        return self.body
