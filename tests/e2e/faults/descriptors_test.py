"""The process runs out of file descriptors, and gets them back."""

import pathlib
import socket
import unittest

import flood
import harness

HARD = 150


class Descriptors(harness.FaultTest):

    def test_the_soft_limit_is_raised_to_the_hard_one(self):
        aggregator = self.start_aggregator(files=(64, HARD))
        limits = pathlib.Path(f"/proc/{aggregator.pid}/limits").read_text()
        line = next(l for l in limits.splitlines() if "open files" in l)
        self.assertEqual(line.split()[3:5], [str(HARD), str(HARD)])

    def test_the_listener_still_accepts_after_they_ran_out(self):
        aggregator = self.start_aggregator(files=(HARD, HARD))
        self.assert_complete(self.overview())
        for _ in range(2):
            # More than it can take; the kernel holds the rest.
            hoard = [socket.create_connection(("127.0.0.1", aggregator.port))
                     for _ in range(HARD + 50)]
            harness.eventually(lambda: aggregator.descriptors() == HARD,
                               what="the descriptors run out")
            self.assertEqual(self.overview("alice", "500ms").code, 1)
            for sock in hoard:
                sock.close()
            self.back_to_complete(5)
        self.assertLess(aggregator.descriptors(), HARD / 2)

    def test_a_full_listener_costs_no_cpu(self):
        aggregator = self.start_aggregator(files=(HARD, HARD))
        hoard = [socket.create_connection(("127.0.0.1", aggregator.port))
                 for _ in range(HARD + 50)]
        harness.eventually(lambda: aggregator.descriptors() == HARD,
                           what="the descriptors run out")
        before = aggregator.cpu_seconds()
        # Handshakes that time out free descriptors: less than 3 s.
        harness.eventually(lambda: aggregator.descriptors() < HARD - 50, 10,
                           "connections that say nothing are closed")
        self.assertLess(aggregator.cpu_seconds() - before,
                        1.0 * harness.SLOWNESS)
        for sock in hoard:
            sock.close()

    def test_a_connection_is_ended_for_its_resets_also_then(self):
        aggregator = self.start_aggregator(files=(HARD, HARD))
        attacker = flood.connect(aggregator.port, {})
        hoard = [socket.create_connection(("127.0.0.1", aggregator.port))
                 for _ in range(HARD + 50)]
        harness.eventually(lambda: aggregator.descriptors() == HARD,
                           what="the descriptors run out")
        try:
            for i in range(20_000):
                attacker.send_raw(flood.reset_frames(attacker, 2 * i + 1))
        except OSError:
            pass
        harness.eventually(
            lambda: aggregator.log("connection ended for its resets"),
            what="its end")
        for sock in hoard:
            sock.close()


if __name__ == "__main__":
    unittest.main()
