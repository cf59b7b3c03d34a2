"""What a backend that goes wrong sends. Each is a script for
h2_backend.Backend."""

import functools
import gzip
import struct

import http2
import wire

MEGABYTE = 1 << 20


def reply_of_64_mb(call):
    call.headers()
    reply = wire.REPLY[call.role](call.user_id, "x" * (64 * MEGABYTE))
    if call.data(wire.frame(reply)):
        call.trailers()


def reply_of(size):
    """A right one, whose section has about so many bytes."""
    def script(call):
        call.reply(wire.REPLY[call.role](call.user_id, "x" * size))
    return script


def two_million_empty_items(call):
    """A list of 4 MB, of items without a field."""
    call.reply(wire.field(1, call.user_id) + wire.field(2, b"") * 2_000_000)


def garbage_message(call):
    call.reply(b"\xff" * 100)


def random_frames(call):
    call.connection.send_raw(b"\xa5\x5a\x00\xff" * 64)


def no_message(call):
    call.headers()
    call.trailers()


def empty_message(call):
    call.reply(b"")


def cut_message(call):
    call.headers()
    call.data(wire.frame(call.right_message())[:-3])
    call.trailers()


def cut_prefix(call):
    call.headers()
    call.data(b"\0\0\0")
    call.trailers()


def cut_and_no_trailers(call):
    call.headers()
    call.data(wire.frame(call.right_message())[:-3], end=True)


def no_trailers(call):
    call.headers()
    call.data(wire.frame(call.right_message()), end=True)


def two_messages(call):
    call.headers()
    call.data(wire.frame(call.right_message()) * 2)
    call.trailers()


def invalid_utf8(call):
    call.reply(wire.REPLY[call.role](call.user_id, b"\xc3\x28\xff"))


def broken_item(call):
    """A list whose one item has a tag that goes on for too long."""
    call.reply(wire.field(1, call.user_id) +
               wire.field(2, b"\x8a\x80\x80\x80\x80\x00\x01x"))


def for_another_user(call):
    call.reply(wire.REPLY[call.role]("mallory"))


LATE = wire.field(1, 10**15)  # in seconds: far behind the year 9999
NEGATIVE_NANOS = wire.field(2, 2**64 - 1)


def at_time(call, time):
    """A user or an order of that create_time."""
    if call.role == "user":
        call.reply(wire.field(1, wire.field(1, call.user_id) +
                              wire.field(7, time)))
    else:
        call.reply(wire.field(1, call.user_id) +
                   wire.field(2, wire.field(4, time)))


def list_of(call, items):
    call.reply(wire.field(1, call.user_id) +
               wire.field(2, wire.field(1, "raw")) * items)


def negative_total(call):
    call.reply(call.right_message() + wire.field(4, 2**64 - 5))


def item_of_another_user(call):
    call.reply(call.right_message() +
               wire.field(2, wire.field(1, "x") + wire.field(2, "mallory")))


def trailers_only_error(call):
    call.connection.send_headers(
        call.stream,
        [(":status", "200"), ("content-type", "application/grpc"),
         ("grpc-status", "9"), ("grpc-message", "secret: the backend's own")],
        end=True)


def unavailable(call):
    call.headers()
    call.trailers(status=14, more=[("grpc-message", "secret: not today")])


def http_503(call):
    call.connection.send_headers(
        call.stream, [(":status", "503"), ("content-type", "text/html")])
    call.data(b"<html>busy</html>", end=True)


def http_418(call):
    call.connection.send_headers(
        call.stream, [(":status", "418"), ("content-type", "text/html")],
        end=True)


def not_grpc(call):
    call.connection.send_headers(
        call.stream, [(":status", "200"), ("content-type", "text/html")])
    call.data(b"<html>hello</html>", end=True)


def status_999(call):
    call.headers()
    call.trailers(status=999)


def status_not_a_number(call):
    call.headers()
    call.trailers(status="banana")


def goaway(call):
    """Says that it never saw the call, and hangs up."""
    call.connection.send_frame(
        http2.GOAWAY, 0, 0, struct.pack(">II", 0, http2.NO_ERROR))
    call.connection.close()


def calm_down(call):
    """Says that it takes the call, and that the client talks too much."""
    call.connection.send_frame(
        http2.GOAWAY, 0, 0,
        struct.pack(">II", call.stream, http2.ENHANCE_YOUR_CALM))
    call.connection.close()


def reset_stream(call):
    call.headers()
    call.connection.reset(call.stream, 2)


def hang_up(call):
    call.headers()
    call.data(wire.frame(call.right_message())[:9])
    call.connection.close()


@functools.cache
def bomb(role, user_id):
    """128 MB that travel as less than 1 MB."""
    return gzip.compress(
        wire.REPLY[role](user_id, "x" * (128 * MEGABYTE)), 1)


def gzip_bomb(call):
    call.headers([("grpc-encoding", "gzip")])
    if call.data(wire.frame(bomb(call.role, call.user_id), compressed=True)):
        call.trailers()


def bad_binary_trailer(call):
    """Not base64: whoever reads it gives up the connection, and all calls on
    it."""
    call.headers()
    call.data(wire.frame(call.right_message()))
    call.trailers(more=[("x-thing-bin", "!!! no base64")])


def huge_header(call):
    call.headers([("x-huge", "h" * 100_000)])
    call.data(wire.frame(call.right_message()))
    call.trailers()


def long_error_message(call):
    call.headers()
    call.trailers(status=13, more=[("grpc-message", "secret " * 10_000)])


def huge_trailer(call):
    call.headers()
    call.data(wire.frame(call.right_message()))
    call.trailers(more=[("x-huge", "h" * 100_000)])


def silence(call):
    call.cancelled.wait()


def trickle(call):
    """A byte every 20 ms, so that something always moves."""
    call.headers()
    for byte in wire.frame(call.right_message() + bytes(10_000)):
        if call.cancelled.wait(0.02) or not call.data(bytes([byte])):
            return
    call.trailers()
