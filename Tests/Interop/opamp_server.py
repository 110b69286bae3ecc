#!/usr/bin/env python3
"""A strict OpAMP server on the `websockets` library: answers every report and notes what breaks the specification.

    opamp_server.py [--port 0] [--path /v1/opamp] [--fragment BYTES] [--until-signal]

The first line of standard output is {"listening": "ws://127.0.0.1:PORT/v1/opamp", "port": PORT}. Commands come on
standard input, a line each, and are acknowledged by a JSON line {"did": COMMAND, "agents": NUMBER}:

    offer [TEXT]           a remote configuration to all agents that accept one, also to those that connect later
    full-state             ReportFullState to all
    restart                the restart command to all agents that accept it
    new-uid                a new instance uid to all
    unavailable [SECONDS]  the next report of every agent is answered UNAVAILABLE, with a retry delay if given
    heartbeat SECONDS      a heartbeat interval to all agents that accept OpAMP connection settings
    ping                   a ping on every connection; answers once all pongs are there
    close                  a Close on every connection
    status                 the summary so far

At the end of standard input (unless --until-signal) or at SIGTERM the server closes its connections and prints its
summary as the last line. Exit code: 0 without violations, 1 with violations, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import signal
import ssl
import sys
import threading
import time
from collections import Counter

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from opamp_rules import AgentRecord, Examiner, Line, Ruling, status_name
from opamp_wire import (
    ACCEPTS_OPAMP_CONNECTION_SETTINGS,
    ACCEPTS_REMOTE_CONFIG,
    ACCEPTS_RESTART_COMMAND,
    MESSAGE_LIMIT,
    PATH,
    REPORT_FULL_STATE,
    Malformed,
    new_uid,
    pack,
    pb,
    unpack,
)

CAPABILITIES = (
    pb.ServerCapabilities_AcceptsStatus
    | pb.ServerCapabilities_OffersRemoteConfig
    | pb.ServerCapabilities_AcceptsEffectiveConfig
    | pb.ServerCapabilities_AcceptsPackagesStatus
    | pb.ServerCapabilities_OffersConnectionSettings
)
PONG_PATIENCE = 10  # seconds until a missing pong is a violation
TAKEOVER_GRACE = 1.0  # seconds in which the end of an agent's former connection may still be on its way
CLOSING_PATIENCE = 5  # seconds for a closing handshake


class Server:
    def __init__(self, fragment: int = 0) -> None:
        self.fragment = fragment  # bytes a frame of an answer has at most; 0: all in one
        self.examiner = Examiner()
        self.sockets: dict[Line, ServerConnection] = {}
        self.offer: pb.AgentRemoteConfig | None = None
        self.settings: pb.ConnectionSettingsOffers | None = None
        self.pushed: Counter[str] = Counter()
        self.sends: set[asyncio.Task] = set()  # that nobody waits for

    # Connections.

    async def serve(self, socket: ServerConnection) -> None:
        line = self.examiner.opened()
        self.sockets[line] = socket
        try:
            while True:
                answer = self._answer(line, await socket.recv())
                # An agent may leave without waiting for answers: what it had sent before its Close still counts.
                with contextlib.suppress(ConnectionClosed):
                    await self._transmit(socket, pack(answer))
        except ConnectionClosed:
            await socket.wait_closed()
        finally:
            del self.sockets[line]
            self._ended(line, socket)

    def _ended(self, line: Line, socket: ServerConnection) -> None:
        received, sent = socket.protocol.close_rcvd, socket.protocol.close_sent
        by_agent = sent is None or socket.protocol.close_rcvd_then_sent is True
        refused = not by_agent and sent.code not in (1000, 1001)
        if refused:
            self.examiner.findings.must("frames follow RFC 6455", f"connection {line.number}: {sent}")
        code = None if received is None else received.code
        self.examiner.closed(line, by_agent, code, answered=refused or received is not None)

    # Answers.

    def _answer(self, line: Line, data: bytes | str) -> pb.ServerToAgent:
        try:
            report = unpack(data, pb.AgentToServer)
        except Malformed as error:
            return bad_request(b"", self.examiner.malformed(line, str(error)))
        ruling = self.examiner.report(line, report)
        if ruling.bad_request is not None:
            return bad_request(report.instance_uid, ruling)
        agent, answer = ruling.agent, pb.ServerToAgent(instance_uid=report.instance_uid)
        if ruling.farewell:
            return answer
        if agent.refuse_next:
            return self._unavailable(agent, answer)
        if line.reports == 1:
            answer.capabilities = CAPABILITIES
        if ruling.duplicate_of is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(TAKEOVER_GRACE, self._judge_duplicate, agent, ruling.duplicate_of, line)
        if ruling.wants_uid:
            self._give_new_uid(agent, answer)
        if ruling.ask_full_state:
            answer.flags |= REPORT_FULL_STATE
        self._add_standing_offers(agent, answer)
        return answer

    def _unavailable(self, agent: AgentRecord, answer: pb.ServerToAgent) -> pb.ServerToAgent:
        agent.refuse_next, delay = False, agent.retry_delay
        answer.error_response.type = pb.ServerErrorResponseType_Unavailable
        answer.error_response.error_message = "asked to say so"
        if delay > 0:
            answer.error_response.retry_info.retry_after_nanoseconds = int(delay * 1e9)
        agent.quiet_until = time.monotonic() + delay
        agent.throttled_since = 0
        return answer

    def _give_new_uid(self, agent: AgentRecord, answer: pb.ServerToAgent) -> None:
        answer.agent_identification.new_instance_uid = new_uid()
        self.examiner.replace_uid(agent, answer.agent_identification.new_instance_uid)

    def _add_standing_offers(self, agent: AgentRecord, answer: pb.ServerToAgent) -> None:
        accepts = agent.capabilities
        if self.offer is not None and accepts & ACCEPTS_REMOTE_CONFIG and self.offer.config_hash not in agent.hashes:
            answer.remote_config.CopyFrom(self.offer)
            agent.hashes.add(self.offer.config_hash)
        if self.settings is not None and accepts & ACCEPTS_OPAMP_CONNECTION_SETTINGS:
            if self.settings.hash not in agent.settings_hashes:
                answer.connection_settings.CopyFrom(self.settings)
                agent.settings_hashes.add(self.settings.hash)

    def _judge_duplicate(self, agent: AgentRecord, former: Line, latter: Line) -> None:
        """Both lines still there after the grace: two agents share a uid, and the latter gets one of its own."""
        if former not in self.sockets or latter not in self.sockets:
            self.examiner.counts["takeovers"] += 1
            return
        self.examiner.counts["duplicate_uids"] += 1
        rule = "one connection an instance uid"
        self.examiner.findings.should(rule, f"connections {former.number} and {latter.number}: {agent.uid.hex()}")
        answer = pb.ServerToAgent(instance_uid=agent.uid)
        answer.agent_identification.new_instance_uid = new_uid()
        heir = AgentRecord(answer.agent_identification.new_instance_uid, parts=dict(agent.parts))
        self.examiner.agents[heir.uid] = heir
        agent.line, agent.sequence = former, None
        latter.uids.discard(agent.uid)
        send = asyncio.create_task(self._send(latter, answer))
        self.sends.add(send)
        send.add_done_callback(self.sends.discard)

    # Commands.

    async def perform(self, command: str) -> int:
        """Does what a command says; returns for how many agents (or connections)."""
        verb, _, rest = command.partition(" ")
        match verb:
            case "offer":
                self.offer = remote_config(rest or f"receivers:\n  otlp: {{}}\n# revision {self.pushed['offer']}\n")
                count = await self._push(self._add_standing_offers, ACCEPTS_REMOTE_CONFIG)
            case "heartbeat":
                self.settings = heartbeat_settings(int(rest))
                count = await self._push(self._add_standing_offers, ACCEPTS_OPAMP_CONNECTION_SETTINGS)
            case "full-state":
                count = await self._push(self._ask_full_state)
            case "restart":
                count = await self._push(add_restart, ACCEPTS_RESTART_COMMAND)
            case "new-uid":
                count = await self._push(self._give_new_uid)
            case "unavailable":
                count = self._refuse_next(float(rest or 0))
            case "ping":
                results = await asyncio.gather(*(self._ping(*pair) for pair in list(self.sockets.items())))
                count = sum(results)
            case "close":
                sockets = list(self.sockets.values())
                await asyncio.gather(*(socket.close() for socket in sockets))
                count = len(sockets)
            case _:
                raise ValueError(f"no such command: {command}")
        self.pushed[verb] += count
        return count

    def _ask_full_state(self, agent: AgentRecord, answer: pb.ServerToAgent) -> None:
        answer.flags = REPORT_FULL_STATE
        self.examiner.ask_full_state(agent)

    def _refuse_next(self, delay: float) -> int:
        agents = self._connected()
        for agent in agents:
            agent.refuse_next, agent.retry_delay = True, delay
        return len(agents)

    def _connected(self, capability: int = 0) -> list[AgentRecord]:
        agents = self.examiner.agents.values()
        there = [agent for agent in agents if agent.line in self.sockets and agent.uid not in agent.line.farewells]
        return [agent for agent in there if agent.capabilities & capability == capability]

    async def _push(self, fill, capability: int = 0) -> int:
        sends = []
        for agent in self._connected(capability):
            answer = pb.ServerToAgent(instance_uid=agent.uid)
            fill(agent, answer)
            sends.append(self._send(agent.line, answer))
        return sum(await asyncio.gather(*sends))

    async def _send(self, line: Line, answer: pb.ServerToAgent) -> bool:
        socket = self.sockets.get(line)
        if socket is None:
            return False
        try:
            await self._transmit(socket, pack(answer))
        except ConnectionClosed:
            return False
        return True

    async def _transmit(self, socket: ServerConnection, data: bytes) -> None:
        """Sends a message: in one frame, or in fragments with a ping before each."""
        if not self.fragment:
            await socket.send(data)
            return

        async def pieces():
            for start in range(0, len(data), self.fragment):
                await socket.ping()
                yield data[start : start + self.fragment]

        await socket.send(pieces())

    async def _ping(self, line: Line, socket: ServerConnection) -> bool:
        try:
            await asyncio.wait_for(await socket.ping(), PONG_PATIENCE)
        except ConnectionClosed:
            return False
        except TimeoutError:
            self.examiner.findings.must("a ping is answered by a pong", f"connection {line.number}")
            return False
        return True

    def summary(self) -> dict:
        examiner = self.examiner
        agents = list(examiner.agents.values())
        now = Counter(status_name(agent.config_status) for agent in agents)
        on_offer = Counter()
        if self.offer is not None:
            current = self.offer.config_hash
            holders = [agent for agent in agents if agent.config_status.last_remote_config_hash == current]
            on_offer = Counter(status_name(agent.config_status) for agent in holders)
        return {
            "agents": len(agents),
            "connected": len(self._connected()),
            "reports": examiner.counts["reports"],
            "heartbeats": examiner.counts["heartbeats"],
            "agentDisconnects": examiner.counts["agent_disconnects"],
            "config_status": dict(now),
            "config_status_of_offer": dict(on_offer),
            "settings_status": dict(Counter(status_name(agent.settings_status) for agent in agents)),
            "pushed": dict(self.pushed),
            "counts": dict(sorted(examiner.counts.items())),
            "violation_count": examiner.findings.total("MUST"),
            "violations": examiner.findings.listing("MUST"),
            "advice_count": examiner.findings.total("SHOULD"),
            "advice": examiner.findings.listing("SHOULD"),
        }


def bad_request(uid: bytes, ruling: Ruling) -> pb.ServerToAgent:
    answer = pb.ServerToAgent(instance_uid=uid)
    answer.error_response.type = pb.ServerErrorResponseType_BadRequest
    answer.error_response.error_message = ruling.bad_request
    return answer


def add_restart(_: AgentRecord, answer: pb.ServerToAgent) -> None:
    answer.command.type = pb.CommandType_Restart


def remote_config(text: str) -> pb.AgentRemoteConfig:
    offer = pb.AgentRemoteConfig(config_hash=hashlib.sha256(text.encode()).digest())
    offer.config.config_map["collector.yaml"].body = text.encode()
    offer.config.config_map["collector.yaml"].content_type = "text/yaml"
    return offer


def heartbeat_settings(seconds: int) -> pb.ConnectionSettingsOffers:
    settings = pb.ConnectionSettingsOffers(hash=hashlib.sha256(f"heartbeat {seconds}".encode()).digest())
    settings.opamp.heartbeat_interval_seconds = seconds
    return settings


def say(line: dict) -> None:
    print(json.dumps(line), flush=True)


def read_commands(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[str | None]) -> None:
    """Feeds the queue from standard input, `None` at its end. Runs on a thread of its own: any file may be there."""
    for command in sys.stdin:
        loop.call_soon_threadsafe(queue.put_nowait, command.strip())
    loop.call_soon_threadsafe(queue.put_nowait, None)


async def run(options: argparse.Namespace) -> int:
    server, queue, loop = Server(options.fragment), asyncio.Queue(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, queue.put_nowait, None)
    if not options.until_signal:
        threading.Thread(target=read_commands, args=(loop, queue), daemon=True).start()

    def route(socket: ServerConnection, request):
        return None if request.path == options.path else socket.respond(404, f"OpAMP is at {options.path}\n")

    settings = {"max_size": MESSAGE_LIMIT, "ping_interval": None, "close_timeout": CLOSING_PATIENCE}
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate, options.key)
        if options.client_ca:
            tls.verify_mode = ssl.CERT_REQUIRED
            tls.load_verify_locations(options.client_ca)
        settings["ssl"] = tls
    scheme = "wss" if options.certificate else "ws"
    async with serve(server.serve, "127.0.0.1", options.port, process_request=route, **settings) as listener:
        port = listener.sockets[0].getsockname()[1]
        say({"listening": f"{scheme}://127.0.0.1:{port}{options.path}", "port": port})
        while (command := await queue.get()) is not None:
            try:
                if command == "status":
                    say(server.summary())
                else:
                    say({"did": command, "agents": await server.perform(command)})
            except ValueError as error:
                say({"error": str(error)})
    summary = server.summary()
    say(summary)
    return 1 if summary["violation_count"] else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="A strict OpAMP server for tests.")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--path", default=PATH)
    parser.add_argument(
        "--fragment", type=int, default=0, metavar="BYTES", help="send answers in fragments, with pings"
    )
    parser.add_argument("--certificate", help="serve over TLS: the PEM file of the certificate")
    parser.add_argument("--key", help="the PEM file of its key")
    parser.add_argument("--client-ca", help="require certificates of the authorities in this PEM file")
    parser.add_argument("--until-signal", action="store_true", help="no commands: standard input is not read")
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
