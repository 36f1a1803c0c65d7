"""Constants of the cloud, as far as a WAN edge needs them.

Source: Mist OpenAPI 2509.1.2; event names from public scripts that handle them (tmunzer/mist_library).
"""

from haplan.lab.exchange import Answer
from haplan_mist.lab.devices.models import MODELS, catalogue, default_config, family_of
from haplan_mist.lab.http.wire import Call, Handler

EVENTS = {
    "GW_ASSIGNED": "Gateway was assigned to a site",
    "GW_CLAIMED": "Gateway was claimed",
    "GW_CONFIGURED": "Gateway took its configuration",
    "GW_CONFIG_CHANGED_BY_USER": "Configuration was changed by a user",
    "GW_CONFIG_FAILED": "Gateway rejected its configuration",
    "GW_CONFIG_GENERATED": "Configuration was generated for the gateway",
    "GW_CONFIG_LOCK_FAILED": "The configuration database was locked",
    "GW_CONNECTED": "Gateway is connected",
    "GW_DISCONNECTED": "Gateway is disconnected",
    "GW_HA_CONTROL_LINK_UP": "Control link of the cluster is up",
    "GW_RESTARTED": "Gateway restarted",
    "GW_RESTART_BY_USER": "A user restarted the gateway",
    "GW_RG_STATE_CHANGED": "A redundancy group changed its state",
    "GW_UNASSIGNED": "Gateway was unassigned from a site",
    "GW_UNCLAIMED": "Gateway was removed from the organisation",
}
APPLICATIONS = (
    ("dropbox", "Dropbox", "FileSharing"), ("office365", "Office 365", "Productivity"),
    ("salesforce", "Salesforce", "Business"), ("youtube", "YouTube", "Video"), ("zoom", "Zoom", "Collaboration"),
)  # fmt: skip
TRAFFIC_TYPES = (
    {"name": "data_best_effort", "display": "Data Best Effort", "traffic_class": "best_effort", "dscp": 0},
    {"name": "data_interactive", "display": "Data Interactive", "traffic_class": "medium", "dscp": 18},
    {"name": "data_mission_critical", "display": "Data Mission Critical", "traffic_class": "medium", "dscp": 26},
    {"name": "voip_audio", "display": "VoIP Audio", "traffic_class": "high", "dscp": 46, "max_latency": 150},
)


def device_models(call: Call) -> Answer:
    return Answer(catalogue() if call.query.get("type", "gateway") in ("gateway", "all") else [])


def device_events(_call: Call) -> Answer:
    out = []
    for key, text in EVENTS.items():
        display = key.removeprefix("GW_").replace("_", " ").title()
        example = {"type": key, "mac": "02005e100c30", "timestamp": 1552408871}
        out.append({"key": key, "display": f"Gateway {display}", "description": text, "example": example})
    return Answer(out)


def gateway_config(call: Call) -> Answer:
    return Answer(default_config(call.query.get("model", "SSR120"), call.query.get("ha", "false").lower() == "true"))


def applications(_call: Call) -> Answer:
    return Answer([{"key": key, "name": name, "group": group} for key, name, group in APPLICATIONS])


def traffic_types(_call: Call) -> Answer:
    return Answer(list(TRAFFIC_TYPES))


def empty(_call: Call) -> Answer:
    return Answer([])


def versions(call: Call) -> Answer:
    """Firmware on offer for SRX; SSR has its own list."""
    srx = [name for name in MODELS if family_of(name) == "srx"]
    return Answer([{"model": name, "version": "23.4R2-S3", "tag": "stable"} for name in srx])


def ssr_versions(_call: Call) -> Answer:
    return Answer([{"package": "SSR", "version": "6.3.0-107", "default": True, "tags": ["stable"]}])


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/const/device_models", device_models),
    ("GET", "/const/device_events", device_events),
    ("GET", "/const/default_gateway_config", gateway_config),
    ("GET", "/const/applications", applications),
    ("GET", "/const/gateway_applications", applications),
    ("GET", "/const/app_categories", empty),
    ("GET", "/const/app_subcategories", empty),
    ("GET", "/const/alarm_defs", empty),
    ("GET", "/const/traffic_types", traffic_types),
    ("GET", "/orgs/{org_id}/devices/versions", versions),
    ("GET", "/sites/{site_id}/devices/versions", versions),
    ("GET", "/orgs/{org_id}/ssr/versions", ssr_versions),
]
