"""A gRPC client of raw frames."""

import dataclasses
import socket
import struct
import threading
import time

import http2
import wire

OVERVIEW = "/gather.aggregator.v1.AggregatorService/GetOverview"


@dataclasses.dataclass
class Reply:
    """How a call ended: `status` is the grpc-status, None where the stream or
    the connection was cut before one came."""
    status: int = None
    message: str = ""
    trailers: dict = dataclasses.field(default_factory=dict)
    data: bytes = b""
    reset: int = None  # the code of RST_STREAM
    ended: float = None  # time.monotonic()


class Client:
    """One connection to a server."""

    def __init__(self, port, settings=True, window=None):
        self.connection = http2.Connection(
            socket.create_connection(("127.0.0.1", port), 10))
        self.connection.sock.settimeout(None)
        self.goaway = None  # the last stream that the server takes
        self._next = 1
        self._calls = {}
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self.connection.send_raw(http2.PREFACE)
        # Before what the other side says is acknowledged: they come first.
        if window is not None:
            self.connection.send_frame(http2.SETTINGS, 0, 0, struct.pack(
                ">HI", http2.INITIAL_WINDOW_SIZE, window))
        elif settings:
            self.connection.send_settings()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_ready(self, timeout=10):
        """Until the server's settings have come."""
        if not self._ready.wait(timeout):
            raise TimeoutError("no settings from the server")
        return self

    def open(self, headers=(), timeout="5S", path=OVERVIEW):
        """Sends a call's headers, and returns its stream."""
        with self._changed:
            stream = self._next
            self._next += 2
            self._calls[stream] = Reply()
            fields = [(":method", "POST"), (":scheme", "http"),
                      (":path", path), (":authority", "test"),
                      ("te", "trailers"), ("content-type", "application/grpc")]
            if timeout is not None:
                fields.append(("grpc-timeout", timeout))
            # In the order of their numbers, or the server objects.
            self.connection.send_headers(stream, fields + list(headers))
        return stream

    def start(self, message=None, **options):
        """Sends a whole call, and returns its stream."""
        stream = self.open(**options)
        body = wire.frame(
            wire.overview_request() if message is None else message)
        self.connection.send_data(stream, body, end=True)
        return stream

    def peek(self, stream):
        """What has come of a call so far."""
        with self._changed:
            return self._calls[stream]

    def wait(self, stream, timeout=30):
        """The call's Reply once it has ended."""
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._calls[stream].ended is not None, timeout)
            if not done:
                raise TimeoutError(f"stream {stream} has no end")
            return self._calls.pop(stream)

    def call(self, message=None, **options):
        return self.wait(self.start(message, **options))

    def close(self):
        self.connection.close()

    def _read(self):
        self.connection.read(self._on_frame)
        with self._changed:
            for reply in self._calls.values():
                reply.ended = reply.ended or time.monotonic()
            self._changed.notify_all()

    def _on_frame(self, kind, flags, stream, payload):
        with self._changed:
            reply = self._calls.get(stream, Reply())
            if kind == http2.SETTINGS:
                self._ready.set()
            elif kind == http2.HEADERS:
                fields = dict(payload)
                if "grpc-status" in fields:
                    reply.status = int(fields["grpc-status"])
                    reply.message = fields.get("grpc-message", "")
                    reply.trailers = fields
            elif kind == http2.DATA:
                reply.data += payload
            elif kind == http2.RST_STREAM:
                reply.reset = int.from_bytes(payload, "big")
            elif kind == http2.GOAWAY:
                self.goaway = int.from_bytes(payload[:4], "big")
                for late in self._calls:
                    if late > self.goaway:
                        self._calls[late].ended = time.monotonic()
            ends = kind in (http2.HEADERS, http2.DATA)
            if kind == http2.RST_STREAM or ends and flags & http2.END_STREAM:
                reply.ended = time.monotonic()
            self._changed.notify_all()
