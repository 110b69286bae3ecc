"""The agent's side of the OpAMP specification as checks on what a server sees. Opens no socket.

A `Line` is one WebSocket connection, an `AgentRecord` is one instance uid over all its connections. `Examiner` takes
reports and ends of lines, notes what breaks a rule, and says what the answer must hold.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

from opamp_findings import Findings
from opamp_wire import (
    DEFINED_AGENT_CAPABILITIES,
    DEFINED_AGENT_FLAGS,
    REPORTS_AVAILABLE_COMPONENTS,
    REPORTS_CONNECTION_SETTINGS_STATUS,
    REPORTS_EFFECTIVE_CONFIG,
    REPORTS_HEALTH,
    REPORTS_HEARTBEAT,
    REPORTS_PACKAGE_STATUSES,
    REPORTS_REMOTE_CONFIG,
    REPORTS_STATUS,
    connection_settings_status,
    pb,
    undefined_fields,
)

REPORTS_IN_FLIGHT = 4  # reports that may be under way when a request reaches the agent
NEEDED_CAPABILITY = {
    "health": REPORTS_HEALTH,
    "effective_config": REPORTS_EFFECTIVE_CONFIG,
    "remote_config_status": REPORTS_REMOTE_CONFIG,
    "package_statuses": REPORTS_PACKAGE_STATUSES,
    "available_components": REPORTS_AVAILABLE_COMPONENTS,
}
STATUS_PARTS = ("agent_description", "custom_capabilities", *NEEDED_CAPABILITY)
# Parts of a full report that an agent with the capability always has; of the others only those reported before.
ALWAYS_IN_FULL = {"health": REPORTS_HEALTH, "effective_config": REPORTS_EFFECTIVE_CONFIG}


@dataclass(eq=False)
class Line:
    """One connection, as far as the rules need it."""

    number: int
    uids: set[bytes] = field(default_factory=set)
    farewells: set[bytes] = field(default_factory=set)
    reports: int = 0


@dataclass(eq=False)
class AgentRecord:
    """What the server knows of one instance uid."""

    uid: bytes
    line: Line | None = None
    sequence: int | None = None  # of the last report; `None` when any may come next
    capabilities: int = 0
    parts: dict[str, bytes] = field(default_factory=dict)
    hashes: set[bytes] = field(default_factory=set)  # of configurations offered, or brought along in the first report
    config_status: pb.RemoteConfigStatus = field(default_factory=pb.RemoteConfigStatus)
    settings_hashes: set[bytes] = field(default_factory=set)
    settings_status: pb.RemoteConfigStatus = field(default_factory=pb.RemoteConfigStatus)
    full_owed_since: int | None = None  # reports since the full state was asked for
    replaced_since: int | None = None  # reports under a uid that was replaced
    refuse_next: bool = False  # the next report is to be answered UNAVAILABLE
    retry_delay: float = 0.0  # seconds, with that answer; 0 for none
    quiet_until: float = 0.0  # the monotonic time until which the retry delay asks for silence, seconds
    throttled_since: int | None = None  # reports on the line that UNAVAILABLE was sent on, since then
    start_time: int = 0  # of the last health that said that the agent runs, Unix nanoseconds


@dataclass
class Ruling:
    """What a report asks of its answer."""

    agent: AgentRecord | None = None
    bad_request: str | None = None
    ask_full_state: bool = False
    wants_uid: bool = False
    duplicate_of: Line | None = None
    farewell: bool = False


class Examiner:
    def __init__(self) -> None:
        self.agents: dict[bytes, AgentRecord] = {}
        self.findings = Findings()
        self.counts: Counter[str] = Counter()
        self._heirs: dict[bytes, AgentRecord] = {}  # uids given and not yet used, to the agent that was given each
        self._lines = 0

    def opened(self) -> Line:
        self._lines += 1
        self.counts["connections"] += 1
        return Line(self._lines)

    def malformed(self, line: Line, reason: str) -> Ruling:
        self.counts["malformed"] += 1
        self.findings.must("every message is well formed", f"connection {line.number}: {reason}")
        return Ruling(bad_request=reason)

    def report(self, line: Line, report: pb.AgentToServer) -> Ruling:
        self.counts["reports"] += 1
        line.reports += 1
        if len(report.instance_uid) != 16:
            reason = f"instance_uid of {len(report.instance_uid)} bytes"
            self.findings.must("instance_uid is 16 bytes long", f"connection {line.number}: {reason}")
            return Ruling(bad_request=reason)
        if report.instance_uid in self._heirs:
            self._rename(line, self._heirs.pop(report.instance_uid), report.instance_uid)
        agent = self.agents.get(report.instance_uid)
        is_new = agent is None
        if agent is None:
            agent = self.agents[report.instance_uid] = AgentRecord(report.instance_uid)
            if uuid.UUID(bytes=agent.uid).version != 7:
                self.findings.should("instance_uid is a UUID of version 7", self._name(agent, report))
        is_first_here = agent.uid not in line.uids
        ruling = Ruling(agent, wants_uid=bool(report.flags & 1), farewell=report.HasField("agent_disconnect"))
        if is_first_here and agent.line is not None and agent.line is not line:
            ruling.duplicate_of = agent.line
        self._check_order(line, agent, report, is_new, is_first_here, ruling)
        self._check_capabilities(agent, report)
        if self._check_parts(agent, report, is_new, is_first_here) and is_new:
            ruling.ask_full_state = True
        self._check_status_hashes(agent, report, is_new)
        self._check_owed(line, agent, report, is_first_here)
        line.uids.add(agent.uid)
        agent.line, agent.sequence, agent.capabilities = line, report.sequence_num, report.capabilities
        if ruling.farewell:
            self.counts["agent_disconnects"] += 1
            line.farewells.add(agent.uid)
        elif ruling.ask_full_state:
            self.ask_full_state(agent)
        return ruling

    def ask_full_state(self, agent: AgentRecord) -> None:
        self.counts["full_state_asked"] += 1
        if agent.full_owed_since is None:
            agent.full_owed_since = 0

    def replace_uid(self, agent: AgentRecord, uid: bytes) -> None:
        """The agent was told to be `uid` from now on."""
        self.counts["uids_replaced"] += 1
        self._heirs[uid] = agent
        if agent.replaced_since is None:
            agent.replaced_since = 0

    def _rename(self, line: Line, agent: AgentRecord, uid: bytes) -> None:
        """The first report under a uid that the server gave."""
        self.counts["uids_taken"] += 1
        self.agents.pop(agent.uid, None)
        self.agents[uid] = agent
        if agent.uid in line.uids:
            line.uids.discard(agent.uid)
            line.uids.add(uid)
        agent.uid, agent.replaced_since = uid, None

    def closed(self, line: Line, by_agent: bool, code: int | None, answered: bool) -> None:
        """The connection has ended; `code` is that of the agent's Close frame, `None` when it sent none."""
        where = f"connection {line.number}"
        silent = line.uids - line.farewells
        if by_agent and code is not None:
            self.counts["closed_by_agent"] += 1
            if silent:
                self.findings.must("agent_disconnect comes before Close", f"{where}: {len(silent)} agents without it")
            if code != 1000:
                self.findings.must("the agent closes with 1000", f"{where}: {code}")
        elif by_agent:
            self.counts["aborted"] += 1
            if line.uids and not silent:
                self.findings.must("Close follows agent_disconnect", f"{where}: the connection just ended")
        else:
            self.counts["closed_by_server"] += 1
            if not answered:
                self.findings.must("the server's Close is answered", where)
        for uid in line.uids:
            agent = self.agents.get(uid)
            if agent is not None and agent.line is line:
                agent.line = None
                agent.throttled_since = None

    # The checks of one report.

    def _name(self, agent: AgentRecord, report: pb.AgentToServer) -> str:
        return f"{uuid.UUID(bytes=agent.uid)} sequence_num {report.sequence_num}"

    def _check_order(self, line, agent, report, is_new, is_first_here, ruling) -> None:
        if agent.uid in line.farewells:
            self.findings.must("agent_disconnect is in the last report", self._name(agent, report))
            line.farewells.discard(agent.uid)
        if agent.sequence is None or report.sequence_num == agent.sequence + 1:
            return
        ruling.ask_full_state = True
        example = f"{self._name(agent, report)} after {agent.sequence}"
        if not is_first_here:
            self.counts["gaps"] += 1
            self.findings.must("sequence_num grows by one", example)
        elif report.sequence_num <= agent.sequence:
            self.counts["sequence_restarts"] += 1
        else:
            self.counts["reports_lost_between_connections"] += report.sequence_num - agent.sequence - 1

    def _check_capabilities(self, agent: AgentRecord, report: pb.AgentToServer) -> None:
        name, capabilities = self._name(agent, report), report.capabilities
        if not capabilities & REPORTS_STATUS:
            self.findings.must("capabilities are always set, with ReportsStatus", f"{name}: {capabilities:#x}")
        if capabilities & ~DEFINED_AGENT_CAPABILITIES:
            self.findings.must("undefined capabilities are 0", f"{name}: {capabilities:#x}")
        if report.flags & ~DEFINED_AGENT_FLAGS:
            self.findings.must("undefined flags are 0", f"{name}: {report.flags:#x}")
        for part, needed in NEEDED_CAPABILITY.items():
            if report.HasField(part) and not capabilities & needed:
                self.findings.must("each field has its capability", f"{name}: {part} without {needed:#x}")
        settings = connection_settings_status(report)
        if settings is not None and not capabilities & REPORTS_CONNECTION_SETTINGS_STATUS:
            self.findings.must("each field has its capability", f"{name}: connection_settings_status")
        if report.HasField("connection_settings_request"):
            self.findings.must("only what the server accepts is sent", f"{name}: connection_settings_request")
        if undefined := undefined_fields(report):
            self.findings.must("only defined fields are sent", f"{name}: {undefined}")

    def _check_parts(self, agent, report, is_new, is_first_here) -> list[str]:
        """Notes the parts of a report; returns those that it lacks of a full one."""
        name, said = self._name(agent, report), False
        for part in STATUS_PARTS:
            if not report.HasField(part):
                continue
            said = True
            value = getattr(report, part).SerializeToString(deterministic=True)
            if agent.parts.get(part) == value and not is_first_here and agent.full_owed_since is None:
                self.findings.should("an unchanged part is left out", f"{name}: {part}")
            agent.parts[part] = value
        if report.HasField("health"):
            start = report.health.start_time_unix_nano or agent.start_time
            self.counts["start_time_changes"] += agent.start_time not in (0, start)
            agent.start_time = start
        for key, package in report.package_statuses.packages.items():
            if key != package.name:
                self.findings.must("a package's key is its name", f"{name}: {key!r} and {package.name!r}")
        if report.HasField("custom_message"):
            said = True
            declared = pb.CustomCapabilities.FromString(agent.parts.get("custom_capabilities", b"")).capabilities
            if report.custom_message.capability not in declared:
                self.findings.must("a custom message's capability is declared", name)
        said = said or connection_settings_status(report) is not None
        if not (said or report.flags or report.HasField("agent_disconnect")):
            self.counts["heartbeats"] += 1
            if not report.capabilities & REPORTS_HEARTBEAT:
                self.findings.should("heartbeats have their capability", name)
        lacking = self._lacking(agent, report)
        if not lacking:
            self.counts["full_reports"] += 1
            agent.full_owed_since = None
        elif is_new:
            self.findings.must("the first report is a full one", f"{name}: without {', '.join(lacking)}")
        return lacking

    def _lacking(self, agent: AgentRecord, report: pb.AgentToServer) -> list[str]:
        """The parts that this report lacks of a full one."""
        needed = {"agent_description"} | set(agent.parts)
        needed |= {part for part, capability in ALWAYS_IN_FULL.items() if report.capabilities & capability}
        for part, capability in NEEDED_CAPABILITY.items():
            if not report.capabilities & capability:
                needed.discard(part)
        return sorted(part for part in needed if not report.HasField(part))

    def _check_status_hashes(self, agent: AgentRecord, report: pb.AgentToServer, is_new: bool) -> None:
        name = self._name(agent, report)
        if report.HasField("remote_config_status"):
            status = report.remote_config_status
            self.counts[f"remote_config_{status_name(status)}"] += 1
            if is_new:
                agent.hashes.add(status.last_remote_config_hash)
            elif status.status != 0 and status.last_remote_config_hash not in agent.hashes:
                self.findings.must("a status names the hash of an offer", name)
            agent.config_status.CopyFrom(status)
        settings = connection_settings_status(report)
        if settings is not None:
            self.counts[f"connection_settings_{status_name(settings)}"] += 1
            if is_new:
                agent.settings_hashes.add(settings.last_remote_config_hash)
            elif settings.status != 0 and settings.last_remote_config_hash not in agent.settings_hashes:
                self.findings.must("a status names the hash of an offer", f"{name}: connection settings")
            agent.settings_status.CopyFrom(settings)

    def _check_owed(self, line: Line, agent: AgentRecord, report: pb.AgentToServer, is_first_here: bool) -> None:
        name = self._name(agent, report)
        if agent.full_owed_since is not None:
            agent.full_owed_since += 1
            if agent.full_owed_since == REPORTS_IN_FLIGHT + 1:
                self.findings.must("ReportFullState is answered by a full report", name)
        if agent.replaced_since is not None:
            agent.replaced_since += 1
            if agent.replaced_since == REPORTS_IN_FLIGHT + 1:
                self.findings.must("new_instance_uid is used from then on", name)
        if is_first_here:
            early = agent.quiet_until - time.monotonic()
            if early > 0:
                self.findings.should("the retry delay is honoured", f"{name}: {early:.2f} s early")
            agent.quiet_until = 0.0
        elif agent.throttled_since is not None:
            agent.throttled_since += 1
            if agent.throttled_since == REPORTS_IN_FLIGHT + 1:
                self.findings.should("UNAVAILABLE is answered by disconnecting", name)


def status_name(status: pb.RemoteConfigStatus) -> str:
    """UNSET, APPLIED, APPLYING or FAILED; the number for any other."""
    names = {number: name.removeprefix("RemoteConfigStatuses_") for name, number in pb.RemoteConfigStatuses.items()}
    return names.get(status.status, str(status.status))
