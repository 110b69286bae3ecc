#!/usr/bin/env python3
"""An HTTP proxy that opens tunnels with CONNECT, on Python's `asyncio` alone.

    connect_proxy.py [--user USER:PASSWORD]

With --user, who does not show these credentials is answered 407. The first line of standard output is {"port": PORT}; at the end of
standard input the summary follows as the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import sys

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


async def pump(reader: Reader, writer: Writer) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--user")
    options = parser.parse_args()
    counts = {"tunnels": 0, "refused": 0}
    wanted = options.user and "Basic " + base64.b64encode(options.user.encode()).decode()

    async def client(reader: Reader, writer: Writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, authority, _ = head[0].split(" ")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        if method != "CONNECT" or (wanted and fields.get("Proxy-Authorization") != wanted):
            counts["refused"] += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        host, port = authority.rsplit(":", 1)
        try:
            upstream = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        counts["tunnels"] += 1
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))

    server = await asyncio.start_server(client, "127.0.0.1", 0, backlog=256)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps(counts), flush=True)
    sys.stdout.flush()
    server.close()


asyncio.run(main())
