"""A client that keeps calling, and tries again what was refused, as a gRPC
client with a retry policy for UNAVAILABLE does."""

import threading

import h2_client

UNAVAILABLE = 14
REFUSED_STREAM = 7


class Load:
    """`workers` threads, each with a connection, make `calls` calls in all at
    the addresses that `ports()` gives at the time of each."""

    def __init__(self, ports, workers, calls):
        self.answered = []  # grpc-status of calls that ended with one
        self.refused = 0  # told so, or never seen by the server: try again
        self.cut = []  # accepted as far as the client knows, and no answer
        self._ports = ports
        self._left = calls
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, daemon=True)
                         for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def count(self):
        with self._lock:
            return len(self.answered)

    def join(self, timeout):
        for thread in self._threads:
            thread.join(timeout)
        return not any(t.is_alive() for t in self._threads)

    def _work(self):
        client = None
        while self._take():
            done = False
            while not done:
                if client is None or client.goaway is not None or (
                        client.connection.closed):
                    client = self._connect()
                done = self._call(client)

    def _take(self):
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _connect(self):
        while True:
            for port in self._ports():
                try:
                    return h2_client.Client(port).wait_ready()
                except (OSError, TimeoutError):
                    with self._lock:
                        self.refused += 1

    def _call(self, client):
        """Whether the call is answered for good."""
        try:
            stream = client.start(timeout="20S")
            reply = client.wait(stream, 30)
        except OSError:
            return self._note_refused()
        never_seen = client.goaway is not None and stream > client.goaway
        if never_seen or reply.status == UNAVAILABLE or (
                reply.status is None and reply.reset == REFUSED_STREAM):
            return self._note_refused()
        with self._lock:
            if reply.status is None:
                self.cut.append((stream, client.goaway, reply))
            else:
                self.answered.append(reply.status)
        return True

    def _note_refused(self):
        with self._lock:
            self.refused += 1
        return False
