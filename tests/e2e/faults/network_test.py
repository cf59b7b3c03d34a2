"""A network that drops packets, in network namespaces of the test's own: the
aggregator and two backends in one, the product backend in another."""

import os
import subprocess
import sys
import time
import unittest

import harness

HERE, THERE = "10.213.57.1", "10.213.57.2"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True)


def can_make_namespaces():
    name = f"gather-probe-{os.getpid()}"
    try:
        run("ip", "netns", "add", name)
        try:
            run("ip", "netns", "exec", name, "iptables", "-L")
        finally:
            run("ip", "netns", "del", name)
        return True
    except (OSError, subprocess.CalledProcessError):
        return False


@unittest.skipUnless(can_make_namespaces(),
                     "needs root, iproute2 and iptables")
class Network(harness.FaultTest):

    def setUp(self):
        super().setUp()
        pid = os.getpid()
        self.here, self.there = f"gather-a-{pid}", f"gather-b-{pid}"
        for namespace in (self.here, self.there):
            run("ip", "netns", "add", namespace)
            self.addCleanup(run, "ip", "netns", "del", namespace)
            self.within(namespace, "ip", "link", "set", "lo", "up")
        a, b = f"ga{pid}", f"gb{pid}"
        run("ip", "link", "add", a, "netns", self.here, "type", "veth",
            "peer", "name", b, "netns", self.there)
        for namespace, link, address in ((self.here, a, HERE),
                                         (self.there, b, THERE)):
            self.within(namespace, "ip", "addr", "add", address + "/24",
                        "dev", link)
            self.within(namespace, "ip", "link", "set", link, "up")
        here = ("ip", "netns", "exec", self.here)
        for role in ("user", "order"):
            self.start_backend(role, wrapper=here)
        self.start_backend("product", host=THERE,
                           wrapper=("ip", "netns", "exec", self.there))
        self.start_aggregator(
            "--backend_keepalive_time=10s", "--backend_keepalive_without_calls",
            wrapper=here)

    def within(self, namespace, *command):
        return run("ip", "netns", "exec", namespace, *command)

    def overview(self, user="alice", timeout="5s", *flags, wrapper=()):
        return super().overview(
            user, timeout, *flags,
            wrapper=("ip", "netns", "exec", self.here))

    def drop(self, rule="-A"):
        for chain in ("INPUT", "OUTPUT"):
            self.within(self.there, "iptables", rule, chain, "-p", "tcp",
                        "-j", "DROP")

    def test_dropped_packets(self):
        self.assert_complete(self.overview())
        self.drop()
        dropped = time.monotonic()
        overview = self.overview("alice", "1s")
        self.assert_partial(overview, "product", "BACKEND_TIMEOUT")

        # A ping each 10 s, 2 s to answer it, and 1 s or more to connect anew.
        noticed = harness.eventually(self.fails_fast, 25,
                                     "keepalive notices")
        print(f"  noticed after {noticed - dropped:.1f} s", file=sys.stderr)
        for _ in range(5):
            overview = self.overview("alice", "5s")
            self.assert_partial(overview, "product", "BACKEND_UNAVAILABLE",
                                "BACKEND_TIMEOUT")
        self.drop("-D")
        returned = self.back_to_complete(6)
        print(f"  complete {returned:.1f} s after the network's return",
              file=sys.stderr)

    def test_dropped_packets_while_nobody_calls(self):
        """Keepalive alone finds out, so that the first caller need not."""
        self.assert_complete(self.overview())
        self.assertTrue(self.connected())
        self.drop()
        harness.eventually(lambda: not self.connected(), 25,
                           "keepalive notices")
        self.assertTrue(self.fails_fast())

    def connected(self):
        return THERE in self.within(
            self.here, "ss", "-Htn", "state", "established", "dst",
            THERE).stdout

    def fails_fast(self):
        """When a call did not wait for the time of its section, 3 s."""
        overview = self.overview("alice", "5s")
        self.assert_partial(overview, "product", "BACKEND_TIMEOUT",
                            "BACKEND_UNAVAILABLE")
        duration = overview.answer["products"]["status"]["duration"]
        fast = float(duration[:-1]) < 1.5
        return fast and time.monotonic()

    def test_refused_by_the_network(self):
        """An ICMP error in place of silence."""
        self.assert_complete(self.overview())
        self.within(self.there, "iptables", "-A", "INPUT", "-p", "tcp",
                    "-j", "REJECT", "--reject-with", "tcp-reset")
        overview = self.overview("alice", "5s")
        self.assert_partial(overview, "product", "BACKEND_UNAVAILABLE")
        self.within(self.there, "iptables", "-F")
        self.back_to_complete()


if __name__ == "__main__":
    unittest.main()
