"""A backend of raw frames: answers each call by a script, which may send
anything at all."""

import socket
import threading
import time

import http2
import wire

RESPONSE = [(":status", "200"), ("content-type", "application/grpc")]


class Call:
    """One call that came in, for a script to answer."""

    def __init__(self, backend, connection, stream, fields):
        self.backend = backend
        self.role = backend.role
        self.connection = connection
        self.stream = stream
        self.fields = fields  # its headers
        self.request = b""
        self.cancelled = threading.Event()  # or the connection ended
        self.cancelled_at = None  # time.monotonic()

    @property
    def user_id(self):
        # Field 1 of every role's request.
        return self.request[7:7 + self.request[6]].decode()

    def watches_health(self):
        """A client asks each connection for its health (gRFC A17)."""
        return dict(self.fields).get(":path") == "/grpc.health.v1.Health/Watch"

    def lacks_method(self):
        """As most servers have no health service: that counts as healthy."""
        self.connection.send_headers(
            self.stream, RESPONSE + [("grpc-status", "12")], end=True)

    def cancel(self):
        self.cancelled_at = self.cancelled_at or time.monotonic()
        self.cancelled.set()

    def headers(self, more=()):
        self.connection.send_headers(self.stream, RESPONSE + list(more))

    def data(self, data, end=False):
        return self.connection.send_data(self.stream, data, end)

    def trailers(self, status=0, more=()):
        self.connection.send_headers(
            self.stream, [("grpc-status", str(status))] + list(more), end=True)

    def reply(self, message):
        """What a healthy server sends."""
        self.headers()
        self.data(wire.frame(message))
        self.trailers()

    def right_message(self):
        return wire.REPLY[self.role](self.user_id)


def healthy(call):
    call.reply(call.right_message())


class Backend:
    """Serves on a port of its own. `script(call)` runs on a thread a call;
    `greeting`, bytes, is sent in place of HTTP/2 where it is set. Both may be
    set anew at any time."""

    def __init__(self, role, script=healthy, greeting=None):
        self.role = role
        self.script = script
        self.greeting = greeting
        self.calls = []  # all that came, in order
        self.pings = 0
        self.stopped = threading.Event()
        self._connections = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def drop_connections(self):
        for connection in self._connections:
            connection.close()

    def stop(self):
        self.stopped.set()
        self._listener.close()
        self.drop_connections()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        connection = http2.Connection(sock)
        self._connections.append(connection)
        calls = {}

        def on_frame(kind, flags, stream, payload):
            if kind == http2.HEADERS:
                calls[stream] = Call(self, connection, stream, payload)
            if kind == http2.PING and not flags & http2.ACK:
                self.pings += 1
            call = calls.get(stream)
            if call is None:
                return
            if kind == http2.DATA:
                call.request += payload
            if kind == http2.RST_STREAM:
                call.cancel()
            elif flags & http2.END_STREAM:
                if call.watches_health():
                    call.lacks_method()
                    return
                self.calls.append(call)
                threading.Thread(
                    target=self._answer, args=(call,), daemon=True).start()

        try:
            if self.greeting is not None:
                connection.send_raw(self.greeting)
                connection.close()
                return
            connection.read_exactly(len(http2.PREFACE))
            connection.send_settings()
            connection.read(on_frame)
        except (OSError, EOFError, ValueError):
            connection.close()
        for call in calls.values():
            call.cancel()

    def _answer(self, call):
        try:
            self.script(call)
        except OSError:
            pass  # the aggregator hung up on it
