"""HTTP/2 frames as they are: either end of a connection, with the header
compression of python3-hpack and nothing that would refuse to send something.
"""

import socket
import struct
import threading

import hpack

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 6, 7, 8, 9

END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
HAS_PRIORITY = 0x20

NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, CANCEL = 0, 1, 7, 8
ENHANCE_YOUR_CALM = 11

MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_FRAME = 16384
BIG_WINDOW = (1 << 31) - 1


def pack(kind, flags, stream, payload=b""):
    return (struct.pack(">I", len(payload))[1:] +
            struct.pack(">BBI", kind, flags, stream) + payload)


class Connection:
    """One end of a connection.

    Sends from any thread. A thread of its owner's runs `read`, which answers
    what HTTP/2 wants answered and hands on the rest.
    """

    def __init__(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.closed = False
        self.peer_settings = {}
        self._file = sock.makefile("rb")
        self._lock = threading.Lock()  # of what is sent, in order
        self._encoder = hpack.Encoder()
        self._decoder = hpack.Decoder()
        self._windows = threading.Condition()
        self._window = 65535  # what the peer takes on the connection
        self._initial_window = 65535
        self._stream_windows = {}

    # Sending.

    def send_raw(self, data):
        with self._lock:
            self.sock.sendall(data)

    def send_frame(self, kind, flags, stream, payload=b""):
        self.send_raw(pack(kind, flags, stream, payload))

    def send_settings(self):
        """Says that this end takes all it is sent."""
        self.send_frame(SETTINGS, 0, 0, struct.pack(
            ">HI", INITIAL_WINDOW_SIZE, BIG_WINDOW))
        self.send_frame(WINDOW_UPDATE, 0, 0,
                        struct.pack(">I", BIG_WINDOW - 65535))

    def send_headers(self, stream, headers, end=False):
        with self._lock:  # the encoder's state goes with the order
            # Huffman's code is slow in Python on long values.
            block = self._encoder.encode(headers, huffman=False)
            parts = [block[i:i + MAX_FRAME]
                     for i in range(0, len(block), MAX_FRAME)]
            out = b""
            for i, part in enumerate(parts):
                flags = END_HEADERS if i == len(parts) - 1 else 0
                if i == 0 and end:
                    flags |= END_STREAM
                out += pack(CONTINUATION if i else HEADERS, flags, stream, part)
            self.sock.sendall(out)

    def send_data(self, stream, data, end=False):
        """Sends as fast as the peer's windows let it. False where the stream
        or the connection ended first."""
        view = memoryview(data)
        while True:
            size = self._take_window(stream, min(len(view), MAX_FRAME))
            if size is None:
                return False
            last = size == len(view)
            self.send_frame(DATA, END_STREAM if end and last else 0, stream,
                            bytes(view[:size]))
            view = view[size:]
            if last:
                return True

    def reset(self, stream, code=CANCEL):
        self.send_frame(RST_STREAM, 0, stream, struct.pack(">I", code))

    def _take_window(self, stream, wanted):
        if wanted == 0:
            return 0
        with self._windows:
            self._stream_windows.setdefault(stream, self._initial_window)
            while True:
                if self.closed or stream not in self._stream_windows:
                    return None
                size = min(wanted, self._window, self._stream_windows[stream])
                if size > 0:
                    break
                self._windows.wait()
            self._window -= size
            self._stream_windows[stream] -= size
            return size

    # Receiving.

    def read(self, on_frame):
        """Calls on_frame(kind, flags, stream, payload), headers as a list,
        until the connection ends."""
        try:
            while True:
                kind, flags, stream, payload = self._read_frame()
                try:
                    self._account(kind, flags, stream, payload)
                except OSError:
                    pass  # the peer takes no more; it may have said why
                if kind == HEADERS:
                    payload = self._read_headers(flags, payload)
                on_frame(kind, flags, stream, payload)
        except (OSError, EOFError, ValueError, struct.error):
            pass
        finally:
            self.close()

    def read_exactly(self, size):
        data = self._file.read(size)
        if data is None or len(data) < size:
            raise EOFError
        return data

    def _read_frame(self):
        head = self.read_exactly(9)
        size = int.from_bytes(head[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return kind, flags, stream, self.read_exactly(size)

    def _read_headers(self, flags, block):
        if flags & PADDED:
            block = block[1:len(block) - block[0]]
        if flags & HAS_PRIORITY:
            block = block[5:]
        while not flags & END_HEADERS:
            _, flags, _, more = self._read_frame()
            block += more
        return self._decoder.decode(block)

    def _account(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            self._apply_settings(payload)
            self.send_frame(SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            self.send_frame(PING, ACK, 0, payload)
        with self._windows:
            if kind == WINDOW_UPDATE:
                size = struct.unpack(">I", payload)[0]
                if stream == 0:
                    self._window += size
                else:
                    self._stream_windows[stream] = size + (
                        self._stream_windows.get(stream, self._initial_window))
            elif kind == RST_STREAM:
                self._stream_windows.pop(stream, None)
            self._windows.notify_all()

    def _apply_settings(self, payload):
        with self._windows:
            for i in range(0, len(payload), 6):
                key, value = struct.unpack(">HI", payload[i:i + 6])
                self.peer_settings[key] = value
                if key != INITIAL_WINDOW_SIZE:
                    continue
                for stream in self._stream_windows:
                    self._stream_windows[stream] += (
                        value - self._initial_window)
                self._initial_window = value

    def close(self):
        with self._windows:
            self.closed = True
            self._windows.notify_all()
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
