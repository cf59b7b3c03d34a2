"""Flags of TLS that can't be served by, --check_config and --channelz."""

import os
import subprocess
import unittest

import harness
import tls


class ConfigTest(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.authority = tls.Authority(self.directory / "certs")

    def run_program(self, program, *flags):
        return subprocess.run([harness.BIN / program, *flags], text=True,
                              capture_output=True, check=False, timeout=60)

    def backend(self, *flags, data=None):
        data = data or harness.DATA / "users.json"
        return self.run_program("backend", "--role=user", f"--data={data}",
                                *flags)

    def assert_refused(self, done, *words):
        """One line that has these words, and exit code 2."""
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(str(word), done.stderr)


class BadFiles(ConfigTest):

    def test_each_is_one_line_that_names_flag_and_file(self):
        ca, cert, key = self.authority.files("user")
        other = self.authority.files("order")[2]
        self.authority.make("--expired", "old")
        old_cert, old_key = self.authority.files("old")[1:]
        text = self.directory / "text.pem"
        text.write_text("no certificate\n")
        gone = self.directory / "gone.pem"
        pipe = self.directory / "pipe.pem"
        os.mkfifo(pipe)
        pair = [f"--tls_cert={cert}", f"--tls_key={key}"]
        for flags, words in {
                (f"--tls_cert={gone}", pair[1]):
                    ("--tls_cert:", gone, "No such file"),
                (f"--tls_cert={self.directory}", pair[1]):
                    ("--tls_cert:", self.directory, "directory"),
                (f"--tls_cert={pipe}", pair[1]):
                    ("--tls_cert:", pipe, "pipe"),
                (f"--tls_cert={text}", pair[1]):
                    ("--tls_cert:", text, "no certificate"),
                (f"--tls_cert={old_cert}", f"--tls_key={old_key}"):
                    ("--tls_cert:", old_cert, "expired"),
                (pair[0], f"--tls_key={gone}"):
                    ("--tls_key:", gone, "No such file"),
                (pair[0], f"--tls_key={cert}"):
                    ("--tls_key:", cert, "no private key"),
                (pair[0], f"--tls_key={other}"):
                    ("--tls_key:", other, "does not fit", cert),
                (*pair, f"--tls_client_ca={key}"):
                    ("--tls_client_ca:", key, "no certificate"),
                (pair[0],): ("--tls_cert:", "needs --tls_key"),
                (pair[1],): ("--tls_key:", "needs --tls_cert"),
                (f"--tls_client_ca={ca}",):
                    ("--tls_client_ca:", "needs --tls_cert"),
        }.items():
            with self.subTest(flags=flags):
                self.assert_refused(self.backend(*flags), *words)
                self.assert_refused(
                    self.run_program("aggregator", *flags), *words)

    def test_the_same_towards_a_backend(self):
        ca, cert, _ = self.authority.files("aggregator")
        other = self.authority.files("order")[2]
        for value, words in {
                f"{ca},{cert}": ("CA or CA,CERT,KEY",),
                f"{ca},,": ("CA or CA,CERT,KEY",),
                "/nowhere": ("/nowhere", "No such file"),
                f"{ca},{cert},{other}": (other, "does not fit"),
        }.items():
            for role in harness.ROLES:
                with self.subTest(value=value, role=role):
                    self.assert_refused(
                        self.run_program("aggregator",
                                         f"--{role}_tls={value}"),
                        f"--{role}_tls:", *words)

    def test_the_same_in_gatherctl(self):
        ca, cert, key = self.authority.files("client")
        for flags, words in {
                ("--tls_ca=/nowhere",): ("--tls_ca:", "/nowhere"),
                (f"--tls_cert={cert}", f"--tls_key={key}"):
                    ("--tls_cert:", "needs --tls_ca"),
                (f"--tls_ca={ca}", f"--tls_cert={cert}"):
                    ("--tls_cert:", "needs --tls_key"),
        }.items():
            with self.subTest(flags=flags):
                self.assert_refused(
                    self.run_program("gatherctl", "health", *flags), *words)


class CheckConfig(ConfigTest):

    def assert_good(self, done, program):
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertEqual(done.stdout,
                         f"{program}: the configuration is good\n")

    def test_says_in_one_line_that_all_is_good(self):
        self.assert_good(self.run_program("aggregator", "--check_config"),
                         "aggregator")
        self.assert_good(self.backend("--check_config"), "backend")
        tls_flags = self.authority.server_flags("user")
        self.assert_good(self.backend("--check_config", *tls_flags), "backend")
        self.assert_good(
            self.run_program("aggregator", "--check_config", *tls_flags,
                             *self.authority.backend_flags()), "aggregator")

    def test_says_what_is_wrong_as_a_start_does(self):
        self.assert_refused(
            self.run_program("aggregator", "--check_config",
                             "--user_tls=/nowhere"), "--user_tls:", "/nowhere")
        self.assert_refused(
            self.run_program("aggregator", "--check_config",
                             "--max_attempts=0"), "--max_attempts:")
        self.assert_refused(self.backend("--check_config", "--hang_rate=2"),
                            "--hang_rate:")

    def test_reads_the_data(self):
        data = self.directory / "users.json"
        data.write_text("{]")
        done = self.backend("--check_config", data=data)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done)
        self.assertIn(str(data), done.stderr)


class Version(ConfigTest):

    def test_names_the_program_its_version_and_that_of_grpc(self):
        for program in ("aggregator", "backend", "gatherctl"):
            done = self.run_program(program, "--version")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(
                done.stdout, rf"^{program} \d+\.\d+\.\d+ \(gRPC \d+\.\d+\.\d+\)"
                "\n$")


class Channelz(ConfigTest):
    PATH = "/grpc.channelz.v1.Channelz/GetTopChannels"

    def test_is_off_unless_asked_for(self):
        self.start_aggregator()
        reply = self.client().call(b"", path=self.PATH)
        self.assertEqual(reply.status, 12)  # UNIMPLEMENTED

    def test_names_the_channels_to_the_backends(self):
        self.start_aggregator("--channelz")
        self.assert_complete(self.overview())
        reply = self.client().call(b"", path=self.PATH)
        self.assertEqual(reply.status, 0, reply.message)
        for role in harness.ROLES:
            self.assertIn(self.backends[role].address.encode(), reply.data)


if __name__ == "__main__":
    unittest.main()
