"""The rows of the monitoring floor."""

from monitoring.models.access_ports import AccessPort
from monitoring.models.alerts import (
    Alert,
    AlertKind,
    ChannelState,
    Delivery,
    DeliveryStatus,
    DutyShift,
    Silence,
    Telling,
)
from monitoring.models.configurations import ConfigRound, ConfigSource, ConfigVersion
from monitoring.models.credentials import Credential, CredentialKind
from monitoring.models.device_tests import DeviceTest
from monitoring.models.devices import (
    Device,
    DeviceRole,
    DeviceStatus,
    LayoutRow,
    Platform,
    SnmpVersion,
)
from monitoring.models.endpoints import Endpoint, EndpointStatus
from monitoring.models.factory_logins import FactoryTry, TryResult
from monitoring.models.facts import FactRecord, FactsRound
from monitoring.models.guests import GuestAccess, GuestEnd
from monitoring.models.hostkeys import HostKey
from monitoring.models.metric_fragments import MetricFragment
from monitoring.models.outages import Outage, OutageCause
from monitoring.models.policies import (
    MOVES,
    EvidenceRecord,
    FindingRow,
    Violation,
    ViolationStatus,
)
from monitoring.models.port_states import PortChange, PortState, PortStatus
from monitoring.models.problems import Problem
from monitoring.models.readiness import Moment, ReadinessReport, ReadinessSignature, Verdict
from monitoring.models.readings import ReadingRow
from monitoring.models.received_alerts import ReceivedAlert
from monitoring.models.remediations import Remediation, RemediationStatus
from monitoring.models.rollups import FiveMinuteRow, HourRow, RollupLevel, RollupProgress
from monitoring.models.states import DeviceStateRow
from monitoring.models.surveys import Candidate, Survey, SurveyEnd
from monitoring.models.unbooked import UnbookedRun, UnbookedWatch
from monitoring.models.waivers import Waiver, WaiverStatus
from monitoring.models.watch_states import WatchState

__all__ = [
    "MOVES",
    "AccessPort",
    "Alert",
    "AlertKind",
    "Candidate",
    "ChannelState",
    "ConfigRound",
    "ConfigSource",
    "ConfigVersion",
    "Credential",
    "CredentialKind",
    "Delivery",
    "DeliveryStatus",
    "Device",
    "DeviceRole",
    "DeviceStateRow",
    "DeviceStatus",
    "DeviceTest",
    "DutyShift",
    "Endpoint",
    "EndpointStatus",
    "EvidenceRecord",
    "FactRecord",
    "FactoryTry",
    "FactsRound",
    "FindingRow",
    "FiveMinuteRow",
    "GuestAccess",
    "GuestEnd",
    "HostKey",
    "HourRow",
    "LayoutRow",
    "MetricFragment",
    "Moment",
    "Outage",
    "OutageCause",
    "Platform",
    "PortChange",
    "PortState",
    "PortStatus",
    "Problem",
    "ReadinessReport",
    "ReadinessSignature",
    "ReadingRow",
    "ReceivedAlert",
    "Remediation",
    "RemediationStatus",
    "RollupLevel",
    "RollupProgress",
    "Silence",
    "SnmpVersion",
    "Survey",
    "SurveyEnd",
    "Telling",
    "TryResult",
    "UnbookedRun",
    "UnbookedWatch",
    "Verdict",
    "Violation",
    "ViolationStatus",
    "Waiver",
    "WaiverStatus",
    "WatchState",
]
