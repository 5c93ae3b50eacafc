"""A headless Chromium, driven over W3C WebDriver, which is JSON over HTTP to a local chromedriver."""

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

OPTIONS = (
    "--headless",
    "--no-sandbox",  # root has none
    "--window-size=1200,800",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name for "this is an element"
SECONDS = 60


class Browser:
    """One window. Every method waits until the browser has done it."""

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, url: str) -> None:
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """What *script* returns; it sees *arguments*, and may return a promise."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, condition: str, seconds: float = 20) -> None:
        """Wait until the expression *condition* is true, in the page."""
        script = f"""return new Promise((done, fail) => {{
            const end = Date.now() + {seconds * 1000};
            const look = () => ({condition}) ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 20);
            look();
        }})"""
        assert self.run(script), f"not within {seconds} s: {condition}\n{self.log()}"

    def click(self, selector: str) -> None:
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        self._call("POST", f"/element/{found[ELEMENT]}/click", {})

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press the left button at *start*, move to *end*, and let go."""
        moves = [
            {"type": "pointerMove", "duration": 0, "x": start[0], "y": start[1]},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "duration": 200, "x": end[0], "y": end[1]},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves}
        self._call("POST", "/actions", {"actions": [mouse]})

    def screenshot(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def log(self) -> list[str]:
        """What the page complained about since the last call."""
        entries = self._call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return call(method, self._session + path, body)


def call(method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)["value"]
    except HTTPError as error:  # the page's script failed, or there is no such element
        raise RuntimeError(json.load(error)["value"]["message"]) from error


@contextmanager
def browser(downloads: Path) -> Iterator[Browser]:
    """A browser that saves files in *downloads*."""
    command = ["chromedriver", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as driver:
        assert driver.stdout
        port = next(line.rstrip().rstrip(".").split()[-1] for line in driver.stdout if "started successfully" in line)
        preferences = {"download.default_directory": str(downloads)}
        wanted = {
            "goog:chromeOptions": {"args": OPTIONS, "prefs": preferences},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        try:
            root = f"http://127.0.0.1:{port}/session"
            session = call("POST", root, {"capabilities": {"alwaysMatch": wanted}})
            url = f"{root}/{session['sessionId']}"
            try:
                yield Browser(url)
            finally:
                call("DELETE", url)
        finally:
            driver.terminate()
