"""One OpAMP agent on the `websockets` library, which checks every answer it gets."""

from __future__ import annotations

import asyncio
import time

from websockets.asyncio.client import ClientConnection, connect

from opamp_findings import Findings
from opamp_wire import (
    ACCEPTS_OPAMP_CONNECTION_SETTINGS,
    ACCEPTS_REMOTE_CONFIG,
    ACCEPTS_RESTART_COMMAND,
    DEFINED_SERVER_CAPABILITIES,
    MESSAGE_LIMIT,
    REPORT_FULL_STATE,
    REPORTS_EFFECTIVE_CONFIG,
    REPORTS_HEALTH,
    REPORTS_HEARTBEAT,
    REPORTS_REMOTE_CONFIG,
    REPORTS_STATUS,
    Malformed,
    new_uid,
    pack,
    pb,
    unpack,
)

PATIENCE = 10  # seconds for anything that the server owes
ACCEPTS_PACKAGES = 0x0008
CAPABILITIES = (
    REPORTS_STATUS
    | ACCEPTS_REMOTE_CONFIG
    | REPORTS_EFFECTIVE_CONFIG
    | REPORTS_HEALTH
    | REPORTS_REMOTE_CONFIG
    | REPORTS_HEARTBEAT
)
OFFER_CAPABILITY = {
    "remote_config": ACCEPTS_REMOTE_CONFIG,
    "packages_available": ACCEPTS_PACKAGES,
    "command": ACCEPTS_RESTART_COMMAND,
}
BESIDE_ERROR = ("remote_config", "connection_settings", "packages_available", "agent_identification", "command")
BESIDE_COMMAND = ("remote_config", "connection_settings", "packages_available", "agent_identification")


class Agent:
    """An agent with one connection. Not for more than one task at once."""

    def __init__(self, url: str, findings: Findings, uid: bytes | None = None) -> None:
        self.url = url
        self.findings = findings
        self.uid = uid or new_uid()
        self.uids = {self.uid}  # with those it had before: answers to earlier reports may be under way
        self.sequence = 0
        self.started = time.time_ns()
        self.config = pb.AgentConfigMap()
        self.config.config_map[""].body = b"receivers: {}\n"
        self.socket: ClientConnection | None = None
        self.sent = self.received = self.offers = self.server_capabilities = 0
        self.waits: list[float] = []  # seconds from a report to the next message

    async def connect(self, **options) -> None:
        options.setdefault("compression", None)
        self.sent = self.received = 0
        self.socket = await connect(
            self.url, max_size=MESSAGE_LIMIT, open_timeout=PATIENCE, ping_interval=None, proxy=None, **options
        )

    # Reports.

    def report(self, **parts) -> pb.AgentToServer:
        """The next report, with the next sequence number."""
        report = pb.AgentToServer(instance_uid=self.uid, sequence_num=self.sequence, capabilities=CAPABILITIES, **parts)
        self.sequence += 1
        return report

    def full_report(self) -> pb.AgentToServer:
        report = self.report(effective_config=pb.EffectiveConfig(config_map=self.config))
        attribute = report.agent_description.identifying_attributes.add(key="service.name")
        attribute.value.string_value = "python-peer"
        report.health.healthy = True
        report.health.start_time_unix_nano = self.started
        report.health.status_time_unix_nano = self.started
        return report

    async def send(self, report: pb.AgentToServer) -> None:
        self.sent += 1
        await self.socket.send(pack(report))

    async def exchange(self, report: pb.AgentToServer) -> pb.ServerToAgent:
        """Sends a report; returns the next message of the server."""
        begin = time.monotonic()
        await self.send(report)
        answer = await self.answer()
        self.waits.append(time.monotonic() - begin)
        return answer

    async def begin(self, **options) -> pb.ServerToAgent:
        """Connects and reports in full."""
        await self.connect(**options)
        return await self.exchange(self.full_report())

    async def send_disconnect(self) -> None:
        """The proper end: what is owed is taken, then agent_disconnect, Close, and the server's Close."""
        while self.received < self.sent:
            await self.answer()
        await self.send(self.report(agent_disconnect=pb.AgentDisconnect()))
        await self.socket.close(1000)
        self.check_closed(1000)

    def check_closed(self, code: int) -> None:
        received = self.socket.protocol.close_rcvd
        if received is None:
            self.findings.must("Close is answered by Close", f"{self.uid.hex()}: the connection just ended")
        elif received.code != code:
            self.findings.must("Close is answered with its code", f"{self.uid.hex()}: {received.code} after {code}")

    # Answers.

    async def answer(self) -> pb.ServerToAgent:
        """The server's next message, checked; raises TimeoutError when none comes."""
        data = await asyncio.wait_for(self.socket.recv(), PATIENCE)
        self.received += 1
        try:
            answer = unpack(data, pb.ServerToAgent)
        except Malformed as error:
            self.findings.must("every message is well formed", str(error))
            return pb.ServerToAgent()
        self._check(answer)
        if answer.capabilities:
            self.server_capabilities = answer.capabilities
        return answer

    async def obey(self, answer: pb.ServerToAgent) -> None:
        """Does what the answer asks; reports that it is done."""
        if answer.HasField("agent_identification"):
            self.uid = answer.agent_identification.new_instance_uid
            self.uids.add(self.uid)
        if answer.HasField("remote_config"):
            self.offers += 1
            self.config = answer.remote_config.config
            report = self.report(effective_config=pb.EffectiveConfig(config_map=self.config))
            report.remote_config_status.last_remote_config_hash = answer.remote_config.config_hash
            report.remote_config_status.status = pb.RemoteConfigStatuses_APPLIED
            await self.send(report)
        if answer.flags & REPORT_FULL_STATE:
            await self.send(self.full_report())

    def _check(self, answer: pb.ServerToAgent) -> None:
        name = f"{self.uid.hex()} message {self.received}"
        fields = {field.name for field, _ in answer.ListFields()}
        is_error = "error_response" in fields
        if answer.instance_uid not in self.uids and not is_error:
            self.findings.must("instance_uid is that of the agent", f"{name}: {answer.instance_uid.hex()!r}")
        if is_error and (beside := fields & set(BESIDE_ERROR)):
            self.findings.must("nothing stands beside error_response", f"{name}: {sorted(beside)}")
        if "command" in fields and (beside := fields & set(BESIDE_COMMAND)):
            self.findings.must("nothing stands beside a command", f"{name}: {sorted(beside)}")
        if self.received == 1 and not is_error and not answer.capabilities & 1:
            self.findings.must("the first answer has capabilities with AcceptsStatus", f"{name}: {answer.capabilities}")
        if answer.capabilities & ~DEFINED_SERVER_CAPABILITIES:
            self.findings.must("undefined capabilities are 0", f"{name}: {answer.capabilities:#x}")
        if answer.flags & ~3:
            self.findings.must("undefined flags are 0", f"{name}: {answer.flags:#x}")
        for field, capability in OFFER_CAPABILITY.items():
            if field in fields and not CAPABILITIES & capability:
                self.findings.must("offers keep to the agent's capabilities", f"{name}: {field}")
        if answer.connection_settings.HasField("opamp") and not CAPABILITIES & ACCEPTS_OPAMP_CONNECTION_SETTINGS:
            self.findings.must("offers keep to the agent's capabilities", f"{name}: connection_settings.opamp")
        if "agent_identification" in fields and len(answer.agent_identification.new_instance_uid) != 16:
            self.findings.must("new_instance_uid is 16 bytes long", name)
        if "remote_config" in fields and not answer.remote_config.config_hash:
            self.findings.must("an offer has its hash", name)
