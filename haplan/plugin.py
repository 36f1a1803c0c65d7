"""The published surface for authors of plugins: providers, state backends, rules, hooks, vocabularies and labs.

What a plugin needs of haplan is here, in `haplan.design` (the vocabulary of the design), `haplan.kit` (what providers
share) and `haplan.lab` (what simulators share); a plugin imports nothing else of haplan. The surface is versioned by
`API`: a plugin module says ``haplan_api = 2``, and a name leaves `__all__` only with a new version.
"""

from haplan.contracts import (
    API,
    AdoptQuery,
    ApplyView,
    Assessment,
    CheckView,
    Clock,
    Context,
    Destination,
    Flow,
    Found,
    Io,
    Lab,
    LabRequest,
    Observer,
    OpenState,
    OrderHook,
    Part,
    PlanView,
    Procedure,
    Provider,
    Query,
    Reading,
    Rehearsal,
    Request,
    Resources,
    Seen,
    Settlement,
    StateBackend,
    SteadyClock,
    Target,
    Task,
    TypeInfo,
    ValidateView,
    Way,
    Written,
)
from haplan.contracts import (
    Node as OrderNode,
)
from haplan.errors import (
    HaplanError,
    Locked,
    PluginError,
    ProviderError,
    Stale,
    StateError,
    StateNotSaved,
    Unauthorized,
    Unsupported,
)
from haplan.hookspecs import (
    hookimpl,
)
from haplan.language.blocks import (
    helper,
)
from haplan.language.extra import ExtraOf, VendorKeys
from haplan.language.kinds import Anything, Choice, Flag, ListOf, Made, MapOf, Name, ResourceOf, SecretOf, Text, Whole
from haplan.language.record import (
    close_to,
    here,
    mistake,
    promised,
)
from haplan.language.refs import (
    Ref,
    has_token,
)
from haplan.language.resource import (
    Resource,
    Value,
    attribute,
    computed,
    derived,
    resource,
)
from haplan.language.taking import BROKEN, HOLE, VARIABLE, Broken, Kind, Taking, exact, shown
from haplan.language.texts import (
    address_with_length,
    host,
    one_line,
    prefix,
    release,
)
from haplan.model.address import (
    parse as parse_address,
)
from haplan.model.canonical import (
    sorted_json,
)
from haplan.model.compare import (
    differences,
    kept_in_order,
    owned,
    without,
)
from haplan.model.devices import (
    OnDevice,
)
from haplan.model.document import (
    Document,
)
from haplan.model.entries import Entries, in_order
from haplan.model.event import (
    Event,
)
from haplan.model.finding import (
    Finding,
    Kept,
    Moment,
    Rule,
    Severity,
    explained,
)
from haplan.model.graph import (
    Edge,
)
from haplan.model.health import Check
from haplan.model.moment import moment
from haplan.model.plan import (
    Action,
    Calls,
    Change,
    Impact,
    Order,
    Placement,
    Plan,
    Transaction,
)
from haplan.model.reason import (
    Reason,
)
from haplan.model.stack import (
    Block,
    Location,
    ProviderBlock,
    Stack,
)
from haplan.model.state import (
    FORMAT,
    Holder,
    Intent,
    OrderRow,
    OutputRow,
    PlacementRow,
    Row,
    Run,
    State,
    Update,
)
from haplan.model.traffic import SAME as SAME_OUTCOME
from haplan.model.traffic import Answer, Becomes, Outcome, Stream, Traffic
from haplan.model.traffic import Group as TrafficGroup
from haplan.model.traffic import Question as TrafficQuestion
from haplan.model.value import (
    ALIKE,
    SEQUENCES,
    Secret,
    Tree,
    Unknown,
    at_path,
    decode,
    encode,
    is_mapping,
    leaves,
    texts,
    transform,
    whole_in,
)
from haplan.model.value import (
    Path as FieldPath,
)
from haplan.model.value import (
    Ref as Reference,
)
from haplan.model.value import (
    Text as TextValue,
)
from haplan.model.vendor_keys import SECRET_NAMES, Doubt
from haplan.model.wiring import Mark, Plug, PlugKind, Sheet
from haplan.state import (
    codec,
    lease,
    recovery,
    versions,
)
from haplan.state.document import (
    parse as parse_document,
)
from haplan.state.document import (
    pull as pull_document,
)
from haplan.state.document import (
    refuse_push,
)
from haplan.state.location import (
    HIDDEN,
)
from haplan.state.location import (
    shown as shown_location,
)

__all__ = [
    "ALIKE",
    "API",
    "BROKEN",
    "FORMAT",
    "HIDDEN",
    "HOLE",
    "SAME_OUTCOME",
    "SECRET_NAMES",
    "SEQUENCES",
    "VARIABLE",
    "Action",
    "AdoptQuery",
    "Answer",
    "Anything",
    "ApplyView",
    "Assessment",
    "Becomes",
    "Block",
    "Broken",
    "Calls",
    "Change",
    "Check",
    "CheckView",
    "Choice",
    "Clock",
    "Context",
    "Destination",
    "Document",
    "Doubt",
    "Edge",
    "Entries",
    "Event",
    "ExtraOf",
    "FieldPath",
    "Finding",
    "Flag",
    "Flow",
    "Found",
    "HaplanError",
    "Holder",
    "Impact",
    "Intent",
    "Io",
    "Kept",
    "Kind",
    "Lab",
    "LabRequest",
    "ListOf",
    "Location",
    "Locked",
    "Made",
    "MapOf",
    "Mark",
    "Moment",
    "Name",
    "Observer",
    "OnDevice",
    "OpenState",
    "Order",
    "OrderHook",
    "OrderNode",
    "OrderRow",
    "Outcome",
    "OutputRow",
    "Part",
    "Placement",
    "PlacementRow",
    "Plan",
    "PlanView",
    "Plug",
    "PlugKind",
    "PluginError",
    "Procedure",
    "Provider",
    "ProviderBlock",
    "ProviderError",
    "Query",
    "Reading",
    "Reason",
    "Ref",
    "Reference",
    "Rehearsal",
    "Request",
    "Resource",
    "ResourceOf",
    "Resources",
    "Row",
    "Rule",
    "Run",
    "Secret",
    "SecretOf",
    "Seen",
    "Settlement",
    "Severity",
    "Sheet",
    "Stack",
    "Stale",
    "State",
    "StateBackend",
    "StateError",
    "StateNotSaved",
    "SteadyClock",
    "Stream",
    "Taking",
    "Target",
    "Task",
    "Text",
    "TextValue",
    "Traffic",
    "TrafficGroup",
    "TrafficQuestion",
    "Transaction",
    "Tree",
    "TypeInfo",
    "Unauthorized",
    "Unknown",
    "Unsupported",
    "Update",
    "ValidateView",
    "Value",
    "VendorKeys",
    "Way",
    "Whole",
    "Written",
    "address_with_length",
    "at_path",
    "attribute",
    "close_to",
    "codec",
    "computed",
    "decode",
    "derived",
    "differences",
    "encode",
    "exact",
    "explained",
    "has_token",
    "helper",
    "here",
    "hookimpl",
    "host",
    "in_order",
    "is_mapping",
    "kept_in_order",
    "lease",
    "leaves",
    "mistake",
    "moment",
    "one_line",
    "owned",
    "parse_address",
    "parse_document",
    "prefix",
    "promised",
    "pull_document",
    "recovery",
    "refuse_push",
    "release",
    "resource",
    "shown",
    "shown_location",
    "sorted_json",
    "texts",
    "transform",
    "versions",
    "whole_in",
    "without",
]
