"""Protobuf's and gRPC's wire formats, by hand: a test must be able to send
what no library would."""

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


def frame(message, compressed=False):
    """A message as gRPC frames it."""
    return struct.pack(">BI", compressed, len(message)) + message


def overview_request(user_id="alice"):
    return field(1, user_id)


def user_reply(user_id, name="Raw"):
    return field(1, field(1, user_id) + field(2, name))


def order_reply(user_id, name="Raw"):
    line_item = field(1, "raw") + field(2, name) + field(3, 1)
    order = field(1, "raw-1") + field(2, user_id) + field(5, line_item)
    return field(1, user_id) + field(2, order) + field(4, 1)


def product_reply(user_id, name="Raw"):
    return field(1, user_id) + field(2, field(1, "raw") + field(2, name))


REPLY = {"user": user_reply, "order": order_reply, "product": product_reply}
