"""Protobuf's and gRPC's wire formats, by hand: a test must be able to send
what no library would."""

import base64
import struct


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """One field: a number as a varint, bytes and str with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def decode(message):
    """The values of each field, by its number: numbers as they are, all else
    as bytes."""
    fields = {}
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if key & 7 == 2:
            at, value = at + value, message[at:at + value]
        elif key & 7 != 0:
            raise ValueError(f"wire type {key & 7}")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _read_varint(message, at):
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def frames(data):
    """The messages of a call's data."""
    messages = []
    while data:
        size, = struct.unpack(">I", data[1:5])
        messages.append(data[5:5 + size])
        data = data[5 + size:]
    return messages


def frame(message, compressed=False):
    """A message as gRPC frames it."""
    return struct.pack(">BI", compressed, len(message)) + message


def error_details(trailers):
    """What the trailers of a call that failed say for programs: its code, its
    message, and of each detail the fields by its type's name."""
    text = trailers["grpc-status-details-bin"]
    status = decode(base64.b64decode(text + "=" * (-len(text) % 4)))
    details = {}
    for detail in map(decode, status[3]):
        name = detail[1][0].decode().removeprefix("type.googleapis.com/")
        details[name] = decode(detail[2][0])
    return status[1][0], status[2][0].decode(), details


def field_mask(number, paths):
    """No field for no path."""
    return field(number, b"".join(field(1, path) for path in paths)) if (
        paths) else b""


def overview_request(user_id="alice", sections=(), required=()):
    """`sections` and `required` are paths."""
    return (field(1, user_id) + field_mask(2, sections) +
            field_mask(6, required))


def user_reply(user_id, name="Raw"):
    return field(1, field(1, user_id) + field(2, name))


def order_reply(user_id, name="Raw"):
    line_item = field(1, "raw") + field(2, name) + field(3, 1)
    order = field(1, "raw-1") + field(2, user_id) + field(5, line_item)
    return field(1, user_id) + field(2, order) + field(4, 1)


def product_reply(user_id, name="Raw"):
    return field(1, user_id) + field(2, field(1, "raw") + field(2, name))


REPLY = {"user": user_reply, "order": order_reply, "product": product_reply}
