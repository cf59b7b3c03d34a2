"""A headless Chromium, driven by the DevTools protocol over a pipe."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium")


class Browser:
    """With one page. Notes all requests and all complaints of it."""

    def __init__(self):
        self.requests = []  # URLs
        self.complaints = []  # what the console would show in red
        # Its children write there for a moment after it was killed.
        self._profile = tempfile.TemporaryDirectory(
            prefix="gather-chromium-", ignore_cleanup_errors=True)
        commands, self._commands = os.pipe()
        self._events, events = os.pipe()
        self._process = subprocess.Popen(
            # It reads from 3 and writes to 4.
            ["/bin/sh", "-c", f'exec "$@" 3<&{commands} 4>&{events}', "sh",
             PROGRAM, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--remote-debugging-pipe",
             f"--user-data-dir={self._profile.name}", "about:blank"],
            pass_fds=(commands, events), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(events)
        self._read, self._number, self._session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target,
                                  flatten=True)["sessionId"]
        for domain in ("Network", "Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._commands)
        os.close(self._events)
        self._profile.cleanup()

    def call(self, method, **parameters):
        """The result of a command."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._next()
            if reply.get("id") == self._number:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']}")
                return reply["result"]

    def open(self, url):
        """Returns once the page is loaded."""
        self.call("Page.navigate", url=url)
        while self.evaluate("document.readyState") != "complete":
            time.sleep(0.02)

    def evaluate(self, expression):
        """The value of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=expression,
                           returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def _next(self):
        """The next message; an event is noted, too."""
        while b"\0" not in self._read:
            if not select.select([self._events], [], [], 60)[0]:
                raise TimeoutError("Chromium is silent")
            more = os.read(self._events, 1 << 16)
            if not more:
                raise EOFError("Chromium has ended")
            self._read += more
        text, self._read = self._read.split(b"\0", 1)
        message = json.loads(text)
        parameters = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"])
        elif message.get("method") == "Log.entryAdded":
            self.complaints.append(parameters["entry"])
        return message
