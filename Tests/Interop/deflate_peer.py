#!/usr/bin/env python3
"""An OpAMP server with permessage-deflate on Python's `websockets`, which shares nothing with Muster.

    deflate_peer.py [--window BITS]

It agrees to compression without context takeover, with windows of so many bits, answers every report, and says how many bytes
compression saved. The first line of standard output is {"port": PORT}; at the end of standard input the summary follows as the last
line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from opamp_wire import pack, pb, unpack


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--window", type=int, default=15)
    options = parser.parse_args()
    counts = {"reports": 0, "compressing": 0, "connections": 0}

    async def agent(socket: ServerConnection) -> None:
        counts["connections"] += 1
        counts["compressing"] += "permessage-deflate" in socket.response.headers.get("Sec-WebSocket-Extensions", "")
        try:
            while True:
                report = unpack(await socket.recv(), pb.AgentToServer)
                counts["reports"] += 1
                answer = pb.ServerToAgent()
                answer.instance_uid = report.instance_uid
                # Long enough to be worth compressing: a name that no agent minds.
                answer.custom_capabilities.capabilities.extend(["io.example.unknown/1"] * 50)
                await socket.send(pack(answer))
        except ConnectionClosed:
            pass

    factory = ServerPerMessageDeflateFactory(
        server_no_context_takeover=True, client_no_context_takeover=True,
        server_max_window_bits=options.window, client_max_window_bits=options.window)
    async with serve(agent, "127.0.0.1", 0, compression=None, extensions=[factory]) as server:
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps(counts), flush=True)


asyncio.run(main())
