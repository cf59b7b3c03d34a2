"""Flags that can't work, or hardly, are named before the first call."""

import json
import os
import subprocess
import unittest

import harness

BAD_TARGETS = ("dns://user:50052", "http://user:50052", "user:99999",
               "user:abc", "::1:50052", "foo:///x", " user:50052")


def run(program, *flags, **env):
    return subprocess.run([harness.BIN / program, *flags], text=True,
                          capture_output=True, check=False, timeout=60,
                          env={**os.environ, **env})


class ConfigTest(harness.FaultTest):

    def assert_refused(self, done, name):
        """For what that flag or variable says."""
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(f"{name}: ", done.stderr)


class Targets(ConfigTest):

    def test_one_that_no_call_can_reach_is_refused(self):
        for target in BAD_TARGETS:
            for role in harness.ROLES:
                flag = f"--{role}_target"
                with self.subTest(flag=flag, target=target):
                    self.assert_refused(
                        run("aggregator", "--check_config",
                            f"{flag}={target}"), flag)

    def test_gatherctl_refuses_the_same(self):
        for target in (*BAD_TARGETS, "127.0.0.1:99999", "127.0.0.1"):
            for command in (("overview", "alice"), ("health",)):
                with self.subTest(command=command[0], target=target):
                    self.assert_refused(
                        run("gatherctl", *command, f"--server={target}"),
                        "--server")

    def test_the_forms_of_grpc_reach_a_server(self):
        self.start_aggregator()
        for form in ("127.0.0.1:{}", "dns:///localhost:{}",
                     "ipv4:127.0.0.1:{}"):
            with self.subTest(form=form):
                done = run("gatherctl", "health", "--server="
                           + form.format(self.aggregator.port))
                self.assertEqual(done.returncode, 0, done.stderr)


class Spans(ConfigTest):
    PROGRAMS = {"aggregator": (), "backend": ("--role=user",
                                              "--generated_users=1")}

    def test_what_can_not_work_is_named(self):
        otel = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317"}
        for program, flags in self.PROGRAMS.items():
            for name, value in (("OTEL_TRACES_SAMPLER", "sometimes"),
                                ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost")):
                with self.subTest(program=program, name=name):
                    self.assert_refused(
                        run(program, "--check_config", *flags,
                            **{**otel, name: value}), name)
            with self.subTest(program=program):
                self.assert_refused(
                    run(program, "--check_config", *flags,
                        "--otlp_endpoint=localhost"), "--otlp_endpoint")
                good = run(program, "--check_config", *flags, **otel)
                self.assertEqual(good.returncode, 0, good)


class Timeouts(harness.FaultTest):
    FLAGS = ("--section_timeout=10s", "--total_timeout=1s")

    def assert_warns(self, text):
        for word in self.FLAGS:
            self.assertIn(word, text)

    def test_a_section_may_hardly_take_longer_than_all(self):
        done = run("aggregator", "--check_config", *self.FLAGS)
        self.assertEqual(done.returncode, 0, done)
        self.assert_warns(done.stderr)
        self.start_aggregator(*self.FLAGS)
        records = harness.eventually(
            lambda: self.aggregator.log("configuration"))
        self.assertEqual([r["level"] for r in records], ["warning"])
        self.assert_warns(records[0]["warning"])

    def test_nor_by_the_file_of_policies(self):
        policies = self.directory / "policies.json"
        policies.write_text('{"sections": {"orders": {"sectionTimeout": "20s"}}}')
        done = run("aggregator", "--check_config", f"--policies={policies}")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("--policies: orders: timeout 20s", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_policies_in_force_are_shown_as_a_file_of_them(self):
        policies = self.directory / "policies.json"
        policies.write_text('{"sections": {"orders": {"sectionTimeout": "2s"}}}')
        done = run("aggregator", "--check_config", f"--policies={policies}",
                   "--max_attempts=5")
        self.assertEqual(done.returncode, 0, done)
        shown = done.stdout.split("\n", 1)[1]
        sections = json.loads(shown)["sections"]
        self.assertEqual(
            sorted(sections), ["orders", "products", "purchases", "user"])
        self.assertEqual(sections["orders"]["sectionTimeout"], "2s")
        self.assertEqual(sections["user"]["sectionTimeout"], "3s")
        self.assertEqual(sections["user"]["retry"]["maxAttempts"], 5)
        policies.write_text(shown)
        again = run("aggregator", "--check_config", f"--policies={policies}")
        self.assertEqual(again.stdout, done.stdout)


if __name__ == "__main__":
    unittest.main()
