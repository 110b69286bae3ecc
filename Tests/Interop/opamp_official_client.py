#!/usr/bin/env python3
"""OpenTelemetry's own Python OpAMP client over plain HTTP against a server, then single requests with odd bodies.

    opamp_official_client.py http://127.0.0.1:PORT/v1/opamp [--agents 5] [--seconds 4] [--interval 0.5] [--await-offer]

Prints one JSON line: {"ok": ..., "agents": ..., "checks": [{"name", "ok", "detail"}], ...}.
Exit code: 0 when all is well, 1 when not, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import sys
import threading
import time
import uuid
from collections import Counter

import requests
from opentelemetry._opamp.agent import OpAMPAgent
from opentelemetry._opamp.callbacks import MessageData, OpAMPCallbacks
from opentelemetry._opamp.client import OpAMPClient

from opamp_findings import Failed
from opamp_wire import REPORTS_HEARTBEAT, REPORTS_STATUS, Malformed, new_uid, parse, pb

TYPE = "application/x-protobuf"
PATIENCE = 10  # seconds for one request


class Counting(OpAMPCallbacks):
    """Counts what the client sees over all agents; takes every configuration and reports it applied."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: list[str] = []
        self._lock = threading.Lock()

    def _count(self, name: str, error: object = None) -> None:
        with self._lock:
            self.counts[name] += 1
            if error is not None and len(self.errors) < 5:
                self.errors.append(f"{name}: {error}")

    def on_connect(self, agent: OpAMPAgent, client: OpAMPClient) -> None:
        self._count("answers")

    def on_connect_failed(self, agent: OpAMPAgent, client: OpAMPClient, error: Exception) -> None:
        self._count("failures", error)

    def on_error(self, agent: OpAMPAgent, client: OpAMPClient, error_response: pb.ServerErrorResponse) -> None:
        self._count("error_responses", error_response)

    def on_message(self, agent: OpAMPAgent, client: OpAMPClient, message: MessageData) -> None:
        if message.remote_config is None:
            return
        self._count("offers")
        files = message.remote_config.config.config_map
        client.update_effective_config({name: file.body for name, file in files.items()}, "text/yaml")
        status = client.update_remote_config_status(message.remote_config.config_hash, pb.RemoteConfigStatuses_APPLIED)
        if status is not None:
            agent.send(client.build_remote_config_status_response_message(status))


def fleet(options: argparse.Namespace) -> dict:
    """The official client, several times over."""
    callbacks = Counting()
    agents = []
    for number in range(options.agents):
        client = OpAMPClient(
            endpoint=options.url,
            timeout_millis=PATIENCE * 1000,
            agent_identifying_attributes={"service.name": "official-client", "service.instance.id": str(number)},
        )
        client.update_effective_config({"collector.yaml": "receivers: {}\n"}, "text/yaml")
        agents.append(OpAMPAgent(interval=options.interval, callbacks=callbacks, client=client, initial_backoff=0.2))
    for agent in agents:
        agent.start()
    deadline = time.monotonic() + options.seconds
    while time.monotonic() < deadline:
        time.sleep(0.05)
    for agent in agents:
        agent.stop(timeout=PATIENCE)
    counts = callbacks.counts
    ok = counts["answers"] >= 2 * options.agents and not counts["failures"] and not counts["error_responses"]
    if options.await_offer:
        ok = ok and counts["offers"] >= options.agents
    return {"fleet_ok": ok, "agents": options.agents, **counts, "errors": callbacks.errors}


# Single requests.


def full_report(uid: bytes, sequence: int = 0) -> pb.AgentToServer:
    report = pb.AgentToServer(instance_uid=uid, sequence_num=sequence, capabilities=REPORTS_STATUS | REPORTS_HEARTBEAT)
    report.agent_description.identifying_attributes.add(key="service.name").value.string_value = "poster"
    return report


def post(options: argparse.Namespace, body: bytes, **headers: str) -> requests.Response:
    named = {"Content-Type": TYPE, "Accept-Encoding": "identity"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(options.url, data=body, headers=named, timeout=PATIENCE)


def answer_of(response: requests.Response) -> pb.ServerToAgent:
    if response.status_code != 200:
        raise Failed(f"status {response.status_code}")
    if response.headers.get("Content-Type", "").split(";")[0].strip() != TYPE:
        raise Failed(f"Content-Type {response.headers.get('Content-Type')!r}")
    answer = parse(response.content, pb.ServerToAgent)
    if answer.HasField("error_response"):
        raise Failed(f"error response {answer.error_response}")
    return answer


def plain_body(options: argparse.Namespace) -> str:
    uid = new_uid()
    answer = answer_of(
        post(options, full_report(uid).SerializeToString(), OpAMP_Instance_UID=str(uuid.UUID(bytes=uid)))
    )
    if answer.instance_uid != uid or not answer.capabilities & 1:
        raise Failed(f"answered with {answer}")
    return "answered, with the uid and capabilities"


def gzip_body(options: argparse.Namespace) -> str:
    uid = new_uid()
    body = gzip.compress(full_report(uid).SerializeToString())
    if answer_of(post(options, body, Content_Encoding="gzip")).instance_uid != uid:
        raise Failed("answered with another uid")
    return "answered"


def gzip_answer(options: argparse.Namespace) -> str:
    response = post(options, full_report(new_uid()).SerializeToString(), Accept_Encoding="gzip")
    answer_of(response)
    return f"Content-Encoding {response.headers.get('Content-Encoding', 'identity')}"


def chunked_body(options: argparse.Namespace) -> str:
    uid = new_uid()
    body = full_report(uid).SerializeToString()
    if answer_of(post(options, iter([body[:9], body[9:]]))).instance_uid != uid:
        raise Failed("answered with another uid")
    return "answered"


def gap(options: argparse.Namespace) -> str:
    uid = new_uid()
    answer_of(post(options, full_report(uid).SerializeToString()))
    beat = pb.AgentToServer(instance_uid=uid, sequence_num=7, capabilities=REPORTS_STATUS | REPORTS_HEARTBEAT)
    if not answer_of(post(options, beat.SerializeToString())).flags & pb.ServerToAgentFlags_ReportFullState:
        raise Failed("a gap of 7 was not answered with ReportFullState")
    return "asked for the full state"


def refused(body: bytes, **headers: str):
    """A check that expects 4xx or BAD_REQUEST."""

    def check(options: argparse.Namespace) -> str:
        response = post(options, body, **headers)
        if 400 <= response.status_code < 500:
            return f"status {response.status_code}"
        if response.status_code == 200:
            answer = parse(response.content, pb.ServerToAgent)
            if answer.error_response.type == pb.ServerErrorResponseType_BadRequest:
                return f"BAD_REQUEST: {answer.error_response.error_message}"
        raise Failed(f"status {response.status_code}, body {response.content[:80]!r}")

    return check


CHECKS = {
    "plain-body": plain_body,
    "gzip-body": gzip_body,
    "gzip-answer": gzip_answer,
    "chunked-body": chunked_body,
    "gap": gap,
    "malformed-protobuf": refused(b"\x0a\xff\xff\xff\xff\x0f"),
    "short-uid": refused(pb.AgentToServer(instance_uid=b"too short", capabilities=1).SerializeToString()),
    "gzip-that-is-none": refused(b"not gzip", Content_Encoding="gzip"),
    "other-content-type": refused(b"hello", Content_Type="text/plain"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="OpenTelemetry's own OpAMP client for tests of a server.")
    parser.add_argument("url")
    parser.add_argument("--agents", type=int, default=5, help="0 leaves the official client out")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long they stay")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between polls")
    parser.add_argument("--await-offer", action="store_true", help="each agent must be offered a configuration")
    parser.add_argument("--skip", nargs="*", default=[], choices=list(CHECKS), metavar="CHECK")
    options = parser.parse_args()
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # the counts say it all
    verdict = fleet(options) if options.agents else {"fleet_ok": True}
    results = []
    for name, check in CHECKS.items():
        if name in options.skip:
            continue
        try:
            results.append({"name": name, "ok": True, "detail": check(options)})
        except (Failed, Malformed) as error:
            results.append({"name": name, "ok": False, "detail": str(error)})
        except requests.RequestException as error:
            results.append({"name": name, "ok": False, "detail": f"{type(error).__name__}: {error}"})
    ok = verdict["fleet_ok"] and all(result["ok"] for result in results)
    print(json.dumps({"ok": ok, **verdict, "checks": results}), flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
