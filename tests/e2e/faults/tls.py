"""Certificates for a test, and clients that show them."""

import socket
import ssl
import subprocess

import harness
import http2

MAKE_CERTS = harness.ROOT / "deploy/tls/make-certs.sh"
SETTINGS = 4


class Authority:
    """An authority with a directory of its own."""

    def __init__(self, directory):
        self.directory = directory
        self.make()

    def make(self, *arguments):
        """Certificates, new ones where they are there: see make-certs.sh."""
        subprocess.run([MAKE_CERTS, self.directory, *arguments], check=True,
                       timeout=120)

    def files(self, name):
        """The authority, the certificate and the key that `name` has."""
        return [self.directory / name / file
                for file in ("ca.crt", "tls.crt", "tls.key")]

    def server_flags(self, name, mutual=True):
        ca, cert, key = self.files(name)
        flags = [f"--tls_cert={cert}", f"--tls_key={key}"]
        return flags + ([f"--tls_client_ca={ca}"] if mutual else [])

    def client_flags(self, name="client"):
        ca, cert, key = self.files(name)
        return [f"--tls_ca={ca}", f"--tls_cert={cert}", f"--tls_key={key}"]

    def backend_flags(self, name="aggregator", roles=harness.ROLES):
        """The aggregator's, towards its backends."""
        value = ",".join(str(file) for file in self.files(name))
        return [f"--{role}_tls={value}" for role in roles]


def context(authority, identity=None):
    """Trusts `authority`; shows the certificate of `identity`, which is another
    authority and a name."""
    made = ssl.create_default_context(cafile=authority.files("client")[0])
    made.set_alpn_protocols(["h2"])
    if identity:
        _, cert, key = identity[0].files(identity[1])
        made.load_cert_chain(cert, key)
    return made


def connect(port, using):
    """A TLS connection; what it raises says that the server refused it, or that
    it was not trusted."""
    raw = socket.create_connection(("127.0.0.1", port), 10)
    return using.wrap_socket(raw, server_hostname="localhost")


def speaks_http2(sock):
    """Whether HTTP/2 is answered. With TLS 1.3 a client whose certificate is
    refused learns of it only now."""
    sock.settimeout(10 * harness.SLOWNESS)
    received = b""
    try:
        sock.sendall(http2.PREFACE + http2.pack(SETTINGS, 0, 0, b""))
        while len(received) < 9:
            chunk = sock.recv(1000)
            if not chunk:
                return False
            received += chunk
    except (ssl.SSLError, ConnectionError):
        return False
    return received[3] == SETTINGS


def is_served(port, using):
    try:
        with connect(port, using) as sock:
            return speaks_http2(sock)
    except (ssl.SSLError, ConnectionError):
        return False


def certificate(port, using):
    """The serial number of the one that the server shows."""
    with connect(port, using) as sock:
        return sock.getpeercert()["serialNumber"]
