"""A name server for one name, whose addresses a test changes."""

import socket
import struct
import threading

A = 1
NXDOMAIN = 3


class Server:
    """Answers every question for an A record with `addresses`, and any other
    with none; where there are no addresses, the name does not exist."""

    def __init__(self, addresses=()):
        self.addresses = list(addresses)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                question, peer = self._socket.recvfrom(512)
                self._socket.sendto(self._answer(question), peer)
            except OSError:
                return

    def _answer(self, question):
        end = question.index(b"\0", 12) + 5  # the name, its type and class
        kind = struct.unpack("!H", question[end - 4:end - 2])[0]
        found = list(self.addresses)
        records = [struct.pack("!HHHIH4s", 0xc00c, A, 1, 1, 4,
                               socket.inet_aton(address))
                   for address in found if kind == A]
        flags = 0x8580 | (0 if found else NXDOMAIN)
        header = question[:2] + struct.pack("!HHHHH", flags, 1, len(records),
                                            0, 0)
        return header + question[12:end] + b"".join(records)
