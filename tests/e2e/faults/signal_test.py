"""Signals that ask a server for something, under load, cost no call."""

import os
import pty
import signal
import threading
import unittest

import harness


class Callers:
    """Calls all the time, on many connections, until stop()."""

    def __init__(self, test):
        self._test = test
        self._stopped = threading.Event()
        self.codes = []
        self._threads = [threading.Thread(target=self._call) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def _call(self):
        while not self._stopped.is_set():
            self.codes.append(self._test.overview().code)

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return self.codes


class Signals(harness.FaultTest):
    ASKING = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)

    def test_those_that_do_not_end_it_cost_no_call(self):
        self.start_aggregator()
        callers = Callers(self)
        self.addCleanup(callers.stop)
        for number in self.ASKING:
            for server in (self.aggregator, *self.backends.values()):
                before = len(server.log("flags read again"))
                server.send(number)
                harness.eventually(
                    lambda s=server, n=before:
                    len(s.log("flags read again")) > n)
        seen = len(callers.codes)
        harness.eventually(lambda: len(callers.codes) > seen + 8)
        self.assertEqual(set(callers.stop()), {0})
        self.assertTrue(self.aggregator.alive())

    def test_the_log_level_is_read_again(self):
        flags = self.directory / "flags"
        flags.write_text("--log_level=error\n")
        server = self.start_aggregator(f"--flagfile={flags}")
        self.assert_complete(self.overview())
        self.assertEqual(server.log(), [])
        flags.write_text("--log_level=info\n")
        server.send(signal.SIGHUP)
        harness.eventually(lambda: server.log("flags read again"))
        self.assert_complete(self.overview())
        harness.eventually(lambda: server.log("request"))

    def test_a_bad_flag_file_changes_nothing(self):
        flags = self.directory / "flags"
        flags.write_text("--log_level=info\n")
        server = self.start_aggregator(f"--flagfile={flags}")
        flags.write_text("--log_level=loud\n")
        server.send(signal.SIGHUP)
        refused = harness.eventually(
            lambda: server.log("flags not read again"))
        self.assertIn("--log_level", refused[0]["error"])
        self.assert_complete(self.overview())
        harness.eventually(lambda: server.log("request"))

    def test_a_server_of_a_closed_terminal_drains(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        server = self.start_aggregator("--drain_delay=3s", stderr=theirs)
        os.close(theirs)
        callers = Callers(self)
        self.addCleanup(callers.stop)
        harness.eventually(lambda: len(callers.codes) > 8)
        server.send(signal.SIGHUP)
        callers.stop()
        self.assertEqual(set(callers.codes), {0})
        self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    unittest.main()
