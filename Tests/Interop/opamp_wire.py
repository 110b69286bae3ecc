"""OpAMP on a WebSocket: a varint header, which is zero, then one protobuf message.

The message types are those of the opentelemetry-opamp-client package. They are older than the specification in one
place that reports use: field 15, connection_settings_status, is read here by its number.
"""

import secrets
import time

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry._opamp.proto import opamp_pb2 as pb

PATH = "/v1/opamp"
MESSAGE_LIMIT = 64 * 1024 * 1024  # bytes of one WebSocket message; the limit that the specification recommends
HEADER_LIMIT = 10  # bytes of a 64 bit varint
LENGTH_DELIMITED = 2  # protobuf's wire type of bytes and sub-messages
CONNECTION_SETTINGS_STATUS = 15

REPORTS_STATUS = 0x0001
ACCEPTS_REMOTE_CONFIG = 0x0002
REPORTS_EFFECTIVE_CONFIG = 0x0004
REPORTS_PACKAGE_STATUSES = 0x0010
ACCEPTS_OPAMP_CONNECTION_SETTINGS = 0x0100
ACCEPTS_RESTART_COMMAND = 0x0400
REPORTS_HEALTH = 0x0800
REPORTS_REMOTE_CONFIG = 0x1000
REPORTS_HEARTBEAT = 0x2000
REPORTS_AVAILABLE_COMPONENTS = 0x4000
REPORTS_CONNECTION_SETTINGS_STATUS = 0x8000
DEFINED_AGENT_CAPABILITIES = 0xFFFF
DEFINED_SERVER_CAPABILITIES = 0x7F
DEFINED_AGENT_FLAGS = 0x1
REPORT_FULL_STATE = pb.ServerToAgentFlags_ReportFullState


class Malformed(Exception):
    """The bytes are no OpAMP message; the text says why."""


def pack(message: Message) -> bytes:
    """The WebSocket message that carries `message`."""
    return b"\x00" + message.SerializeToString()


def unpack(data: bytes | str, kind: type[Message]) -> Message:
    """The message of type `kind` in a WebSocket message."""
    if isinstance(data, str):
        raise Malformed("a text message where a binary one belongs")
    value, used = 0, 0
    while True:
        if used == min(len(data), HEADER_LIMIT):
            raise Malformed("the header is no complete varint")
        byte = data[used]
        value |= (byte & 0x7F) << (7 * used)
        used += 1
        if byte < 0x80:
            break
    if value != 0:
        raise Malformed(f"the header is {value} instead of 0")
    return parse(data[used:], kind)


def parse(data: bytes, kind: type[Message]) -> Message:
    """The message of type `kind` in `data`, which has no header."""
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise Malformed(f"no {kind.__name__}: {error}") from None
    return message


def connection_settings_status(report: pb.AgentToServer) -> pb.RemoteConfigStatus | None:
    """Field 15 of a report, read as the message of the same shape: hash, status, error message."""
    for field in UnknownFieldSet(report):
        if field.field_number == CONNECTION_SETTINGS_STATUS and field.wire_type == LENGTH_DELIMITED:
            return parse(field.data, pb.RemoteConfigStatus)
    return None


def undefined_fields(report: pb.AgentToServer) -> list[int]:
    """The numbers of fields in a report that no version of the specification known here defines."""
    numbers = {field.field_number for field in UnknownFieldSet(report)}
    return sorted(numbers - {CONNECTION_SETTINGS_STATUS})


def new_uid() -> bytes:
    """A fresh UUID, version 7."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return value.to_bytes(16, "big")
