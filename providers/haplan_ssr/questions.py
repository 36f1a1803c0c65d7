"""What is asked of a conductor, in its own words; who answers is another matter."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from haplan.kit.calls import ApiError, Call
from haplan.plugin import ProviderError, Tree
from haplan_ssr import rest
from haplan_ssr.rest import Store


class Questions(ABC):
    """Calls of a conductor by what they are for."""

    @abstractmethod
    def call(self, call: Call) -> Tree:
        """Carry out a call."""

    @property
    @abstractmethod
    def host(self) -> str:
        """Who answers, for messages."""

    @property
    @abstractmethod
    def made(self) -> int:
        """Calls made so far."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""

    def tree(self, store: Store) -> dict[str, Tree]:
        """The whole configuration of a store."""
        found = self._get(rest.tree_path(store), f"{store} configuration")
        if not isinstance(found, dict):
            raise ProviderError(f"ssr: {self.host} gave no configuration where its {store} one was asked for")
        return found

    def system(self) -> Mapping[str, Tree]:
        """What the conductor says of itself."""
        found = self._get(rest.SYSTEM, "system")
        return found if isinstance(found, Mapping) else {}

    def version(self) -> Tree:
        """Whether the candidate differs from what runs."""
        return self._get(f"{rest.VERSION}?datastore=candidate", "candidate")

    def assets(self) -> tuple[rest.Asset, ...]:
        """All assets."""
        return rest.assets(self._get(f"{rest.ASSETS}?verbose=false", "assets"))

    def query(self, query: str, **variables: Any) -> Mapping[str, Tree]:
        """A GraphQL query; partial data is taken, since errors beside it may be noise."""
        body = {"query": query, "variables": variables}
        found = self._post(rest.GRAPHQL, body, "health", reads=True)
        data = found.get("data") if isinstance(found, Mapping) else None
        return data if isinstance(data, Mapping) else {}

    def edit(self, method: str, url: str, body: Mapping[str, Tree] | None, what: str) -> None:
        """One edit of the candidate; `url` is below it."""
        self.call(Call(method=method, path=f"{rest.CANDIDATE}{url}", body=body, what=what, again=False))

    def merge(self, tree: Tree, what: str) -> None:
        """Many edits in one call, through the edit door.

        Raises:
            ApiError: The conductor has no such door (404, 405), or refuses something of it.
        """
        body = rest.merging(tree)
        said = self.call(Call(method="PATCH", path=rest.EDIT, body=body, what=what, again=False))
        wrong = rest.refused(said)
        if wrong:
            raise ApiError(f"ssr: {what}: {self.host} refuses it: {wrong}", status=400, detail=wrong, body=said)

    def validate(self) -> tuple[rest.Complaint, ...]:
        """What is wrong with the candidate."""
        return rest.complaints(self._post(rest.VALIDATE, rest.DISTRIBUTED, "validate", reads=True))

    def commit(self) -> tuple[rest.Complaint, ...]:
        """Make the candidate the running configuration; what stood against it, () if nothing.

        Raises:
            haplan.kit.calls.Lost: It is not known whether it was done.
        """
        return rest.complaints(self._post(rest.COMMIT, rest.DISTRIBUTED, "commit"))

    def revert(self) -> None:
        """Throw away what the candidate has beyond what runs."""
        self.call(Call(method="POST", path=rest.REVERT, body={}, what="revert", again=True))

    def _get(self, path: str, what: str) -> Tree:
        return self.call(Call(method="GET", path=path, what=what))

    def _post(self, path: str, body: Tree, what: str, *, reads: bool = False) -> Tree:
        return self.call(Call(method="POST", path=path, body=body, what=what, reads=reads))
