"""The built-in resource: values that live in state only, like Terraform's ``terraform_data``."""

from typing import Any

from haplan.language.kinds import Anything
from haplan.language.refs import Ref
from haplan.language.resource import Resource, Value, attribute, computed, resource


@resource("record", rank=50)
class Data(Resource):
    """Values kept in state only."""

    input: Value[Any] = attribute(Anything(), default=None, text="Any plain data.")
    replace: Value[Any] = attribute(Anything(), default=None, replaces="destroy-first", text="A change replaces it.")
    output: Ref[Any] = computed(init=False, kind="plain data", text="What `input` was at the last apply.")
    id: Ref[str] = computed(init=False)
