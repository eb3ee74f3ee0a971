"""A real headless Chromium for tests, driven over the DevTools protocol through a pipe.

No driver and no package is needed but the browser: messages are JSON, ended by a NUL, in on file
descriptor 3 and out on 4. https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--disable-dev-shm-usage",
)  # fmt: skip
SECONDS = 60


def executable() -> str | None:
    """The path of a Chromium, or None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """A Chromium with one tab. `events` holds what the protocol reported, in order."""

    def __init__(self, profile: Path) -> None:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        found = executable()
        assert found
        self._process = subprocess.Popen(
            [found, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(3, 4),
            preexec_fn=lambda: _as_3_and_4(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._sent = 0
        self.events: list[dict[str, Any]] = []
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attach = {"targetId": target, "flatten": True}
        self._session = self._call("Target.attachToTarget", attach)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(SECONDS)
        os.close(self._read)
        os.close(self._write)

    def open(self, url: str, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load the page anew in a window of that size, and wait for its load event."""
        phone = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", {"features": [scheme]})
        for address in ("about:blank", url):  # the first, as a change of fragment loads nothing
            self.events.clear()
            self.call("Page.navigate", {"url": address})
            self.until(lambda: self._seen("Page.loadEventFired"), "the page is loaded")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited when it is a promise."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, json.dumps(answer["exceptionDetails"], indent=2)
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until the JavaScript expression holds."""
        self.until(lambda: self.run(f"Boolean({expression})"), expression)

    def until(self, holds: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"waited {SECONDS} s: {what}"
            self._receive(0.05)

    def problems(self) -> list[str]:
        """What the page wrote to the console as an error or a warning, or threw."""
        found = []
        for event in self.events:
            said = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = said["exceptionDetails"]
                found.append(details.get("exception", {}).get("description") or details["text"])
            elif event["method"] == "Runtime.consoleAPICalled":
                if said["type"] in ("error", "warning", "assert"):
                    found.append(str([each.get("value") for each in said["args"]]))
            elif event["method"] == "Log.entryAdded" and said["entry"]["level"] in (
                "error",
                "warning",
            ):
                found.append(said["entry"]["text"])
        return found

    def requests(self) -> list[str]:
        """The requested URLs, without data: and blob: URLs, which hold their own answer."""
        asked = [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith(("data:", "blob:", "about:"))]

    def screenshot(self, path: Path) -> None:
        answer = self.call("Page.captureScreenshot", {"captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(answer["data"]))

    def call(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """A command of the protocol to the tab, and its result."""
        return self._call(method, parameters or {}, sessionId=self._session)

    def _call(self, method: str, parameters: dict[str, Any], **more: str) -> dict[str, Any]:
        self._sent += 1
        sent = {"id": self._sent, "method": method, "params": parameters, **more}
        os.write(self._write, json.dumps(sent).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for message in self._receive(0.5):
                if message.get("id") == self._sent:
                    assert "error" not in message, f"{method}: {message['error']}"
                    result: dict[str, Any] = message["result"]
                    return result
        raise AssertionError(f"the browser did not answer {method} within {SECONDS} s")

    def _receive(self, seconds: float) -> list[dict[str, Any]]:
        """The messages that arrive within that time; events among them are kept."""
        if not select.select([self._read], [], [], seconds)[0]:
            return []
        got = os.read(self._read, 1 << 20)
        assert got, "the browser has ended"
        *whole, self._buffer = (self._buffer + got).split(b"\0")
        messages = [json.loads(message) for message in whole]
        self.events += [message for message in messages if "method" in message]
        return messages

    def _seen(self, method: str) -> bool:
        return any(event["method"] == method for event in self.events)


def _as_3_and_4(reads: int, writes: int) -> None:
    """In the child: the two pipe ends under the numbers that Chromium expects."""
    reads, writes = os.dup(reads), os.dup(writes)
    while reads in (3, 4):
        reads = os.dup(reads)
    while writes in (3, 4):
        writes = os.dup(writes)
    os.dup2(reads, 3)
    os.dup2(writes, 4)
