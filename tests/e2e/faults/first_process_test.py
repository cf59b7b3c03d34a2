"""As the first process of a container."""

import os
import pathlib
import signal
import subprocess
import unittest

import harness

# A process of its own numbers, and its end with that of what waits for it.
FIRST = ["unshare", "--pid", "--fork", "--kill-child"]


def can_unshare():
    try:
        return subprocess.run([*FIRST, "true"], capture_output=True,
                              check=False).returncode == 0
    except OSError:
        return False


@unittest.skipUnless(can_unshare(), "needs root and util-linux")
class FirstProcess(harness.FaultTest):

    def test_second_sigterm_ends_it_at_once(self):
        """To which the kernel does nothing by default."""
        self.start_backend("product", "--hang_rate=1")
        # Threads that are not joined are the point of it.
        env = {"TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") +
               ":report_thread_leaks=0"}
        server = self.start_aggregator(
            "--drain_timeout=1h", "--section_timeout=1h",
            wrapper=FIRST, env=env)
        self.client().start(timeout="3600S")
        harness.eventually(lambda: self.backends["user"].log("request"))
        unshare = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}")
        first = int((unshare / "children").read_text())
        os.kill(first, signal.SIGTERM)
        harness.eventually(lambda: server.log("draining"))
        self.assertTrue(server.alive())
        self.expect_exit(server, 128 + signal.SIGTERM)
        os.kill(first, signal.SIGTERM)
        self.assertEqual(server.wait(5), 128 + signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
