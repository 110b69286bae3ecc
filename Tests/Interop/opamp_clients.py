#!/usr/bin/env python3
"""OpAMP agents on the `websockets` library against a server: an ordinary fleet, then agents that do one odd thing each.

    opamp_clients.py ws://127.0.0.1:PORT/v1/opamp [--agents 20] [--heartbeats 3] [--interval 1.0]
                     [--only CHECK ...] [--skip CHECK ...] [--list]

Prints one JSON line: {"ok": ..., "agents": ..., "checks": [{"name", "ok", "detail"}], "violations": [...], ...}.
Exit code: 0 when all is well, 1 when not, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket as sockets
import struct
import sys

from websockets.exceptions import ConnectionClosed, WebSocketException

import opamp_frames
from opamp_agent import PATIENCE, Agent
from opamp_findings import Failed, Findings
from opamp_wire import REPORT_FULL_STATE, Malformed, new_uid, pack, pb, unpack

PARALLEL_CONNECTS = 64
DUPLICATE_TURN = 0.4  # seconds between reports of two agents with one uid: a server may wait before it calls them that


# The fleet.


async def live(agent: Agent, options: argparse.Namespace, gate: asyncio.Semaphore) -> None:
    """One ordinary agent: full report, heartbeats, whatever is offered, agent_disconnect."""
    async with gate:
        answer = await agent.begin()
    await agent.obey(answer)
    for _ in range(options.heartbeats):
        await asyncio.sleep(options.interval)
        await agent.obey(await agent.exchange(agent.report()))
    while agent.received < agent.sent:
        await agent.obey(await agent.answer())
    await agent.send_disconnect()


async def fleet(options: argparse.Namespace, findings: Findings) -> dict:
    gate = asyncio.Semaphore(PARALLEL_CONNECTS)
    agents = [Agent(options.url, findings) for _ in range(options.agents)]
    ends = await asyncio.gather(*(live(agent, options, gate) for agent in agents), return_exceptions=True)
    failures = [describe(end) for end in ends if end is not None]
    waits = sorted(wait * 1000 for agent in agents for wait in agent.waits)
    return {
        "agents": options.agents,
        "reports": sum(agent.sent for agent in agents),
        "answers": sum(agent.received for agent in agents),
        "offers": sum(agent.offers for agent in agents),
        "median_wait_ms": round(waits[len(waits) // 2], 3) if waits else None,
        "longest_wait_ms": round(waits[-1], 3) if waits else None,
        "failures": failures[:5],
        "failure_count": len(failures),
    }


# One odd thing each. A check returns what it saw, or raises.


async def sequence_gap(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.begin()
    agent.sequence += 5
    answer = await agent.exchange(agent.report())
    if not answer.flags & REPORT_FULL_STATE:
        raise Failed("a gap of 5 was not answered with ReportFullState")
    answer = await agent.exchange(agent.full_report())
    if answer.flags & REPORT_FULL_STATE:
        raise Failed("the full report was answered with ReportFullState")
    answer = await agent.exchange(agent.report())
    if answer.flags & REPORT_FULL_STATE:
        raise Failed("still asks for the full state after it was sent")
    await agent.send_disconnect()
    return "asked once, satisfied by the full report"


async def repeated_report(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.begin()
    report = agent.report()
    for _ in range(3):
        await agent.send(report)
    for _ in range(3):
        await agent.answer()
    await agent.send_disconnect()
    return "three answers for one report sent three times"


async def stranger_without_state(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.connect()
    agent.sequence = 41
    answer = await agent.exchange(agent.report())
    if not answer.flags & REPORT_FULL_STATE:
        raise Failed("a heartbeat of an unknown agent was not answered with ReportFullState")
    await agent.obey(answer)
    await agent.send_disconnect()
    return "asked for the full state"


async def duplicate_uid(url: str, findings: Findings) -> str:
    first = Agent(url, findings)
    await first.begin()
    second = Agent(url, findings, uid=first.uid)
    for agent in (first, second) * 4:  # in turns, so that neither can be taken for a reconnection of the other
        await asyncio.sleep(DUPLICATE_TURN)
        try:
            if agent.socket is None:
                answer = await agent.begin()
            else:
                answer = await agent.exchange(agent.report())
        except ConnectionClosed as end:
            return f"disconnected: {end}"
        if answer.HasField("agent_identification"):
            if answer.agent_identification.new_instance_uid == agent.uid:
                raise Failed("the new instance uid is the old one")
            await agent.obey(answer)
            await agent.exchange(agent.report())
            await first.send_disconnect()
            await second.send_disconnect()
            return "a new instance uid for one of the two"
        if answer.HasField("error_response"):
            return "denied"
    raise Failed("two connections with one instance uid went unnoticed")


async def uid_on_request(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.connect()
    report = agent.full_report()
    report.flags = pb.AgentToServerFlags_RequestInstanceUid
    answer = await agent.exchange(report)
    if not answer.HasField("agent_identification"):
        raise Failed("RequestInstanceUid was not answered with agent_identification")
    await agent.obey(answer)
    answer = await agent.exchange(agent.report())
    if answer.flags & REPORT_FULL_STATE:
        raise Failed("the agent is unknown under the uid that it was given")
    await agent.send_disconnect()
    return "a new instance uid, known from then on"


async def back_after_abort(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.begin()
    linger = struct.pack("ii", 1, 0)  # closing sends RST
    agent.socket.transport.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, linger)
    agent.socket.transport.abort()
    await agent.socket.wait_closed()
    await agent.connect()
    answer = await agent.exchange(agent.report())
    if answer.HasField("agent_identification"):
        raise Failed("an agent that came back was given another instance uid")
    await agent.obey(answer)
    await agent.send_disconnect()
    return "known again" if not answer.flags & REPORT_FULL_STATE else "known again, full state asked for"


async def disconnect_and_return(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.begin()
    await agent.send_disconnect()
    await agent.begin()
    await agent.send_disconnect()
    return "two lives, two closing handshakes with 1000"


async def fragmented_report(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.begin()
    data = pack(agent.full_report())
    pongs = []

    async def pieces():
        yield data[:1]  # the header alone
        for start in range(1, len(data), 7):
            pongs.append(await agent.socket.ping(f"between {start}".encode()))
            yield data[start : start + 7]
        yield b""

    agent.sent += 1
    await agent.socket.send(pieces())
    await agent.answer()
    await asyncio.wait_for(asyncio.gather(*pongs), PATIENCE)
    await agent.send_disconnect()
    return f"answered; {len(pongs)} pings between the fragments have their pongs"


async def many_pings(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.begin()
    pongs = [await agent.socket.ping(bytes([number]) * number) for number in range(126)]
    await asyncio.wait_for(asyncio.gather(*pongs), PATIENCE)
    await agent.exchange(agent.report())
    await agent.send_disconnect()
    return "126 pings of 0 to 125 bytes"


async def large_report(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    agent.config.config_map["large.yaml"].body = b"# " + b"x" * (1 << 20)
    await agent.begin()
    await agent.exchange(agent.report())
    await agent.send_disconnect()
    return "1 MiB of effective config"


async def unknown_field(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.connect()
    future = b"\xa2\x3f\x05later" + b"\xa8\x3f\x2a"  # fields 1012 and 1013
    agent.sent += 1
    await agent.socket.send(pack(agent.full_report()) + future)
    answer = await agent.answer()
    if answer.HasField("error_response"):
        raise Failed(f"refused: {answer.error_response.error_message}")
    await agent.send_disconnect()
    return "ignored"


async def compression_offered(url: str, findings: Findings) -> str:
    agent = Agent(url, findings)
    await agent.begin(compression="deflate")
    for _ in range(3):
        await agent.exchange(agent.report())
    await agent.send_disconnect()
    return "in use" if agent.socket.protocol.extensions else "declined"


def malformed(data: bytes | str):
    """A check that sends `data` after a good report and expects BAD_REQUEST or a Close, and nothing else."""

    async def check(url: str, findings: Findings) -> str:
        agent = Agent(url, findings)
        await agent.begin()
        await agent.socket.send(data)
        try:
            answer = unpack(await asyncio.wait_for(agent.socket.recv(), PATIENCE), pb.ServerToAgent)
        except ConnectionClosed as end:
            return f"closed: {end}"
        if answer.error_response.type != pb.ServerErrorResponseType_BadRequest:
            raise Failed(f"answered with {answer!r}")
        await agent.socket.close()
        return f"BAD_REQUEST: {answer.error_response.error_message}"

    return check


def short_uid_report() -> bytes:
    return pack(pb.AgentToServer(instance_uid=b"too short", sequence_num=1, capabilities=1))


CHECKS = {
    "sequence-gap": sequence_gap,
    "repeated-report": repeated_report,
    "stranger-without-state": stranger_without_state,
    "duplicate-uid": duplicate_uid,
    "uid-on-request": uid_on_request,
    "back-after-abort": back_after_abort,
    "disconnect-and-return": disconnect_and_return,
    "fragmented-report": fragmented_report,
    "many-pings": many_pings,
    "large-report": large_report,
    "unknown-field": unknown_field,
    "compression-offered": compression_offered,
    "malformed-protobuf": malformed(b"\x00\x0a\xff\xff\xff\xff\x0f"),
    "truncated-protobuf": malformed(pack(pb.AgentToServer(instance_uid=new_uid(), capabilities=1))[:-1]),
    "text-not-utf8": malformed(b"\x00\x1a\x06\x0a\x04\x0a\x02\xff\xfe"),
    "header-not-zero": malformed(b"\x01" + pack(pb.AgentToServer(instance_uid=new_uid(), capabilities=1))[1:]),
    "empty-message": malformed(b""),
    "short-uid": malformed(short_uid_report()),
    "text-message": malformed("not binary"),
    **{name: opamp_frames.check(name) for name in opamp_frames.WRONG_FRAMES},
    "split-writes": opamp_frames.split_writes,
    "no-upgrade": opamp_frames.no_upgrade,
    "other-path": opamp_frames.other_path,
}


async def run(options: argparse.Namespace) -> int:
    findings = Findings()
    names = [name for name in CHECKS if (not options.only or name in options.only) and name not in options.skip]
    herd = await fleet(options, findings) if options.agents else {"failure_count": 0}
    results = []
    for name in names:
        try:
            detail, ok = await asyncio.wait_for(CHECKS[name](options.url, findings), 3 * PATIENCE), True
        except (Failed, Malformed, OSError, TimeoutError, WebSocketException) as error:
            detail, ok = describe(error), False
        results.append({"name": name, "ok": ok, "detail": detail})
    if results:  # after all that the server still serves
        after = await asyncio.gather(disconnect_and_return(options.url, findings), return_exceptions=True)
        alive = isinstance(after[0], str)
        results.append({"name": "still-there", "ok": alive, "detail": after[0] if alive else describe(after[0])})
    ok = all(result["ok"] for result in results) and herd["failure_count"] == 0 and findings.total("MUST") == 0
    verdict = {"ok": ok, **herd, "checks": results, "violation_count": findings.total("MUST")}
    verdict["violations"] = findings.listing("MUST")
    print(json.dumps(verdict), flush=True)
    return 0 if ok else 1


def describe(error: BaseException) -> str:
    return str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(description="OpAMP agents for tests of a server.")
    parser.add_argument("url", nargs="?")
    parser.add_argument("--agents", type=int, default=20, help="in the ordinary fleet; 0 leaves it out")
    parser.add_argument("--heartbeats", type=int, default=3)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between heartbeats")
    parser.add_argument("--only", nargs="*", default=[], choices=list(CHECKS), metavar="CHECK")
    parser.add_argument("--skip", nargs="*", default=[], choices=list(CHECKS), metavar="CHECK")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    options = parser.parse_args()
    if options.list:
        print("\n".join(CHECKS))
        return 0
    if options.url is None:
        parser.error("the server's URL is missing")
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
