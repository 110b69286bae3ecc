"""What no WebSocket library would send: wrong frames, single bytes, requests that are no upgrade. Raw sockets."""

from __future__ import annotations

import asyncio
import base64
import os
from urllib.parse import urlsplit

from opamp_findings import Failed, Findings
from opamp_wire import PATH, new_uid, pack, pb

PATIENCE = 10  # seconds
BINARY, CONTINUATION, CLOSE, PING = 0x2, 0x0, 0x8, 0x9
FINAL = 0x80
PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1002, 1007, 1009


def frame(
    opcode: int, payload: bytes, first_bits: int = FINAL, masked: bool = True, length: int | None = None
) -> bytes:
    """A frame as asked for, right or wrong; `length` overrides the announced one."""
    announced = len(payload) if length is None else length
    mask_bit = 0x80 if masked else 0
    if announced < 126:
        head = bytes([first_bits | opcode, mask_bit | announced])
    elif announced < 65536:
        head = bytes([first_bits | opcode, mask_bit | 126]) + announced.to_bytes(2, "big")
    else:
        head = bytes([first_bits | opcode, mask_bit | 127]) + announced.to_bytes(8, "big")
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def heartbeat() -> bytes:
    return pack(pb.AgentToServer(instance_uid=new_uid(), sequence_num=1, capabilities=1))


# What is sent, and the codes that a Close may carry; ending the connection without Close is as good.
WRONG_FRAMES = {
    "unmasked-frame": (lambda: frame(BINARY, heartbeat(), masked=False), {PROTOCOL_ERROR}),
    "reserved-bits": (lambda: frame(BINARY, heartbeat(), first_bits=FINAL | 0x70), {PROTOCOL_ERROR}),
    "reserved-opcode": (lambda: frame(0x3, b"what"), {PROTOCOL_ERROR}),
    "long-ping": (lambda: frame(PING, b"p" * 126), {PROTOCOL_ERROR}),
    "fragmented-ping": (lambda: frame(PING, b"p", first_bits=0), {PROTOCOL_ERROR}),
    "stray-continuation": (lambda: frame(CONTINUATION, b"what"), {PROTOCOL_ERROR}),
    "message-in-message": (lambda: frame(BINARY, b"\x00", first_bits=0) + frame(BINARY, heartbeat()), {PROTOCOL_ERROR}),
    "close-of-one-byte": (lambda: frame(CLOSE, b"\x03"), {PROTOCOL_ERROR}),
    "close-with-reserved-code": (lambda: frame(CLOSE, (1005).to_bytes(2, "big")), {PROTOCOL_ERROR}),
    "close-not-utf8": (lambda: frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff"), {PROTOCOL_ERROR, NOT_UTF8}),
    "huge-length": (lambda: frame(BINARY, b"\x00", length=1 << 40), {TOO_BIG, PROTOCOL_ERROR}),
    "length-beyond-63-bits": (lambda: frame(BINARY, b"\x00", length=1 << 63), {TOO_BIG, PROTOCOL_ERROR}),
}


def check(name: str):
    """The check that sends the wrong frame `name`."""
    make, codes = WRONG_FRAMES[name]

    async def run(url: str, findings: Findings) -> str:
        reader, writer = await upgraded(url)
        try:
            writer.write(make())
            code = await asyncio.wait_for(close_code(reader), PATIENCE)
        finally:
            writer.close()
        if code is None:
            return "the connection was ended"
        if code not in codes:
            raise Failed(f"closed with {code} instead of {' or '.join(map(str, sorted(codes)))}")
        return f"closed with {code}"

    return run


async def upgraded(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has been upgraded to WebSocket."""
    target = urlsplit(url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {target.path or '/'} HTTP/1.1",
        f"Host: {target.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
    ]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
    writer.write("\r\n".join(lines).encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    if b" 101 " not in head.split(b"\r\n")[0]:
        writer.close()
        raise Failed(f"no upgrade: {head.split(chr(13).encode())[0]!r}")
    return reader, writer


async def next_frame(reader: asyncio.StreamReader) -> tuple[int, bytes] | None:
    """Opcode and payload; `None` when the connection ends."""
    try:
        first, second = await reader.readexactly(2)
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
        if second & 0x80:
            raise Failed("the server masks its frames")
        return first & 0x0F, await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def close_code(reader: asyncio.StreamReader) -> int | None:
    """The code of the Close that comes; `None` when the connection ends without one, or the Close has no code."""
    while (arrived := await next_frame(reader)) is not None:
        opcode, payload = arrived
        if opcode == CLOSE:
            return int.from_bytes(payload[:2], "big") if payload else None
        if opcode == BINARY:
            raise Failed("the wrong frame was answered like a report")
    return None


async def split_writes(url: str, findings: Findings) -> str:
    """A frame byte by byte, then two frames in one write."""
    reader, writer = await upgraded(url)
    try:
        for byte in frame(BINARY, heartbeat()):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.001)
        writer.write(frame(BINARY, heartbeat()) + frame(BINARY, heartbeat()))
        for number in range(3):
            arrived = await asyncio.wait_for(next_frame(reader), PATIENCE)
            if arrived is None or arrived[0] != BINARY:
                raise Failed(f"report {number} got {arrived!r}")
    finally:
        writer.close()
    return "three answers"


async def status_of(url: str, request: str) -> int:
    target = urlsplit(url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    try:
        writer.write(request.replace("\n", "\r\n").encode())
        line = await asyncio.wait_for(reader.readline(), PATIENCE)
    finally:
        writer.close()
    parts = line.split()
    if len(parts) < 2 or not parts[1].isdigit():
        raise Failed(f"answered with {line!r}")
    return int(parts[1])


async def no_upgrade(url: str, findings: Findings) -> str:
    status = await status_of(url, f"GET {urlsplit(url).path} HTTP/1.1\nHost: there\nConnection: close\n\n")
    if not 400 <= status < 500:
        raise Failed(f"a GET without an upgrade got {status}")
    return f"status {status}"


async def other_path(url: str, findings: Findings) -> str:
    request = f"GET {PATH}/elsewhere HTTP/1.1\nHost: there\nUpgrade: websocket\nConnection: Upgrade\n"
    request += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\nSec-WebSocket-Version: 13\n\n"
    status = await status_of(url, request)
    if status != 404:
        raise Failed(f"a path where no OpAMP is got {status}")
    return "status 404"
