#!/usr/bin/env python3
"""Runs the commands of a page as they stand there, in one shell, from the top of the
repository, where the programs are built.

    tests/docs/page_test.py PAGE

Fails with the page and the line of a command that fails, that does not end with the
code which the page names, or that prints something else. Servers get the ports that
the page says: in a network of their own, where the system lets us have one. Ends
with 77 where commands were left out, since their tool is not installed or a port is
taken.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import pages

TIMEOUT = 170
PORTS = (50051, 50052, 50053, 50054, 9464)
# Not every machine has these.
TOOLS = {"grpcurl": r"\bgrpcurl ", "ghz": r"(^|\n)ghz ", "curl": r"\bcurl ",
         "ghz-counted": r"ghz/load\.py", "go": r"(^|\n)go ",
         "kubectl": r"\bkubectl ", "promtool": r"\bpromtool ",
         "stay": r"(^|\n)stay "}  # of tests/extension
PROLOGUE = r"""set -eEuo pipefail
exec 3>&1 4>&2
on_error() { echo "$page:$1: ended with $2: $3" >&4; }
watch_errors() { trap 'on_error $LINENO $? "$BASH_COMMAND"' ERR; }
watch_errors
until_true() {
  local deadline=$((SECONDS + 20))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { echo "not true within 20 s: $*"; return 1; } >&4
    sleep 0.1
  done
}
ended_with() {
  [[ $1 == "$2" ]] || { echo "$page:$3: ended with $1, not $2" >&4; exit 1; }
}
"""


def isolated(command):
    """In namespaces in which no port is taken and no process is left; None where
    there are none to be had."""
    namespaces = ["unshare", "--net", "--pid", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        namespaces.append("--map-root-user")
    if subprocess.run([*namespaces, "true"], capture_output=True,
                      check=False).returncode:
        return None
    return [*namespaces, "sh", "-c", 'ip link set lo up && exec "$@"', "sh",
            *command]


def ports_are_free():
    for port in PORTS:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            return False
    return True


def missing_tools(block, path):
    return [tool for tool, pattern in TOOLS.items()
            if re.search(pattern, block.text)
            and not shutil.which(tool, path=path)]


def script_of(page, blocks, directory):
    """Each command has the line that it has on the page, by which the shell then
    calls it."""
    last = max(block.last_line for block in blocks)
    lines = [""] * (last + 1)
    for block in blocks:
        end, code = block.last_line, block.marks.get("exit")
        lines[block.line] = f"exec >{directory}/{block.line} 2>&1"
        lines[block.line + 1:end] = block.text.splitlines()
        lines[end] = "exec >&3 2>&4"
        if code:
            lines[block.line] += "; set +e; trap - ERR"
            lines[end] = (f"ended_with $? {code} {end - 1}; set -e; "
                          "watch_errors; exec >&3 2>&4")
        if "until" in block.marks:
            lines[end] += f"; until_true {block.marks['until']}"
    # Before the first line, on the same one, so that the numbers hold.
    prologue = f"{directory}/prologue"
    with open(prologue, "w", encoding="utf-8") as file:
        file.write(PROLOGUE)
    lines[1] = f"page={page}; source {prologue}; {lines[1]}"
    return "\n".join(lines[1:]) + "\n"


def words(line):
    """What of it is the same in every run: no figures, ids, bars and units."""
    return [word for word in re.findall(r"\w+", line)
            if not re.search(r"\d", word) and word not in ("s", "ms", "us")]


def differs(expected, printed):
    """The first line of `expected` that is not printed, wherever: what ends first is
    another one now and then."""
    actual = [words(line) for line in printed.splitlines()]
    for line in expected.splitlines():
        wanted = words(line)
        if wanted and wanted not in actual:
            return line
        if wanted:
            actual.remove(wanted)
    return None


def check_output(every, blocks, directory):
    """How many blocks of output are not what `blocks`, which were run, printed."""
    failures, before = 0, None
    for block in every:
        if "output" in block.marks and before in blocks:
            with open(f"{directory}/{before.line}", encoding="utf-8") as file:
                printed = file.read()
            line = differs(block.text, printed)
            if line is not None:
                failures += 1
                print(f"{block.where}: not printed: {line.strip()}\nbut\n"
                      f"{printed}", file=sys.stderr)
        before = block
    return failures


def show_last(blocks, directory):
    """What the block printed at which the page ended."""
    begun = [b for b in blocks if os.path.exists(f"{directory}/{b.line}")]
    if begun:
        with open(f"{directory}/{begun[-1].line}", encoding="utf-8") as file:
            print(file.read()[-3000:], file=sys.stderr)


def run(page):
    built = pages.ROOT / "build"
    path = (f"{built}/tools/bin:{built}/release/extension/build:"
            f"{os.environ['PATH']}:/usr/sbin")
    every = pages.blocks_of(page)
    blocks = []
    for block in (block for block in every if block.is_run()):
        missing = missing_tools(block, path)
        if missing:
            print(f"{block.where}: left out, no {', '.join(missing)}")
        else:
            blocks.append(block)
    left_out = len(blocks) < sum(block.is_run() for block in every)
    if not blocks:
        return 77
    with tempfile.TemporaryDirectory(prefix="gather-docs-") as directory:
        script = f"{directory}/script"
        with open(script, "w", encoding="utf-8") as file:
            file.write(script_of(page, blocks, directory))
        command = isolated(["bash", script])
        if command is None and not ports_are_free():
            print("left out: ports are taken, and there are no namespaces")
            return 77
        shell = subprocess.Popen(
            command or ["bash", script], cwd=pages.ROOT, start_new_session=True,
            stdin=subprocess.DEVNULL, env={**os.environ, "PATH": path})
        try:
            code = shell.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            print(f"{page}: not done within {TIMEOUT} s", file=sys.stderr)
            code = 1
        finally:  # what the page has started, too
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            shell.wait()
        if code:
            show_last(blocks, directory)
        if code or check_output(every, blocks, directory):
            return 1
    print(f"{page}: {len(blocks)} blocks are good")
    return 77 if left_out else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: tests/docs/page_test.py PAGE")
    sys.exit(run(sys.argv[1]))
