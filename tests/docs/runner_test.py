"""What page_test.py says of a page that is wrong."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class RunnerTest(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="gather-docs-test-")
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        docs = self.root / "tests/docs"
        docs.mkdir(parents=True)
        for name in ("pages.py", "page_test.py"):
            shutil.copy(HERE / name, docs)

    def run_page(self, *lines):
        (self.root / "PAGE.md").write_text("\n".join(lines) + "\n", "utf-8")
        return subprocess.run(
            [sys.executable, "-B", self.root / "tests/docs/page_test.py",
             "PAGE.md"], capture_output=True, text=True, check=False, timeout=60)

    def assert_fails(self, done, *words):
        self.assertEqual(done.returncode, 1, done)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_command_that_fails_is_named_with_page_and_line(self):
        done = self.run_page("# Title", "", "```sh", "true", "cat /nowhere", "```")
        self.assert_fails(done, "PAGE.md:5: ended with 1: cat /nowhere",
                          "No such file")

    def test_so_is_one_of_a_later_block_and_of_a_pipe(self):
        done = self.run_page("```sh", "x=1", "```", "text", "```sh",
                             "test $x = 1", "false | cat", "```")
        self.assert_fails(done, "PAGE.md:7: ended with 1")

    def test_what_it_says_it_ends_with_is_checked(self):
        for code, returncode in ((3, 0), (0, 1), (2, 1)):
            done = self.run_page(
                f"<!-- exit: {code} -->", "```sh", "(exit 3)", "```")
            self.assertEqual(done.returncode, returncode, done)

    def test_what_it_says_it_prints_is_checked(self):
        for printed, returncode in (("12 calls in 3 ms", 0),
                                    ("12 cows in 3 ms", 1)):
            done = self.run_page("```sh", f"echo {printed}", "```", "",
                                 "<!-- output -->", "```text",
                                 "9 calls in 250 ms", "```")
            self.assertEqual(done.returncode, returncode, done)
        self.assert_fails(done, "PAGE.md:6: not printed: 9 calls in 250 ms")

    def test_what_it_waits_for_has_to_come(self):
        done = self.run_page("<!-- until: test -e made -->", "```sh",
                             "(sleep 0.3; touch made) &", "```", "```sh",
                             "rm made", "```")
        self.assertEqual(done.returncode, 0, done)

    def test_what_is_left_to_others_is_not_run(self):
        done = self.run_page("<!-- not run: it would not end -->", "```sh",
                             "false", "```", "<!-- e2e: name -->", "```sh",
                             "false", "```", "```sh", "true", "```")
        self.assertEqual(done.returncode, 0, done)

    def test_nothing_that_a_page_starts_is_left(self):
        done = self.run_page("```sh", "sleep 1000 &", "echo $! >pid", "```")
        self.assertEqual(done.returncode, 0, done)
        commands = subprocess.run(["ps", "-eo", "args"], capture_output=True,
                                  text=True, check=True).stdout
        self.assertNotIn("sleep 1000\n", commands)


if __name__ == "__main__":
    unittest.main()
