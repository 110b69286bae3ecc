#!/usr/bin/env python3
"""An OpAMP server over plain HTTP on Python's `http.server`, which shares nothing with Muster.

    http_peer.py [--gzip] [--refuse-coding] [--close]

It keeps connections (HTTP/1.1), notes whatever an agent gets wrong, and answers each report with an empty ServerToAgent for
its instance uid; with --gzip the answers come in gzip. --refuse-coding answers 415 to compressed requests, --close ends each
connection after its answer. The first line of standard output is {"port": PORT}; at the end of standard input the summary
follows as the last line.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opamp_wire import pb


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        notes: Notes = self.server.notes
        body = self.rfile.read(int(self.headers.get("Content-Length", "-1")))
        coding = self.headers.get("Content-Encoding", "identity")
        if coding != "identity" and notes.options.refuse_coding:
            notes.add("refused")
            return self.answer(415, b"")
        if coding == "gzip":
            notes.add("compressed")
            body = gzip.decompress(body)
        report = pb.AgentToServer()
        report.ParseFromString(body)
        notes.check(self.path == "/v1/opamp", f"path {self.path}")
        notes.check(self.headers.get("Content-Type") == "application/x-protobuf", "content type")
        notes.check(
            self.headers.get("OpAMP-Instance-UID", "").replace("-", "") == report.instance_uid.hex(), "instance uid")
        notes.took(report)
        answer = pb.ServerToAgent()
        answer.instance_uid = report.instance_uid
        self.answer(200, answer.SerializeToString())

    def answer(self, status: int, body: bytes) -> None:
        options = self.server.notes.options
        self.send_response(status)
        self.send_header("Content-Type", "application/x-protobuf")
        if options.gzip and status == 200 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        if options.close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Notes:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.lock = threading.Lock()
        self.counts = {"reports": 0, "compressed": 0, "refused": 0, "agentDisconnects": 0}
        self.agents: set[bytes] = set()
        self.violations: list[str] = []

    def add(self, name: str) -> None:
        with self.lock:
            self.counts[name] += 1

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            with self.lock:
                self.violations.append(what)

    def took(self, report: pb.AgentToServer) -> None:
        with self.lock:
            self.counts["reports"] += 1
            self.counts["agentDisconnects"] += report.HasField("agent_disconnect")
            self.agents.add(report.instance_uid)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--refuse-coding", action="store_true")
    parser.add_argument("--close", action="store_true")
    notes = Notes(parser.parse_args())
    server = Server(("127.0.0.1", 0), Peer)
    server.notes = notes
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    sys.stdin.read()
    server.shutdown()
    print(
        json.dumps(
            {**notes.counts, "agents": len(notes.agents), "violations": notes.violations[:20]}), flush=True)


if __name__ == "__main__":
    main()
