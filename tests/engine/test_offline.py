"""After set-up no byte leaves the machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, engine_environment

GUARD = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"):
        with open(os.environ["NETWORK_LOG"], "a") as log:
            log.write(f"{event} {arguments}\\n")
sys.addaudithook(note)
"""


def test_generation_needs_and_asks_for_no_network(nano_path: Path, tmp_path: Path):
    """In a network namespace without any network, if that may be made, and with every try written down."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    log, sky = tmp_path / "network.log", tmp_path / "sky.exr"
    environment = {key: value for key, value in engine_environment().items() if not key.startswith(("HF_", "TRANSF"))}
    environment |= {"PYTHONPATH": os.pathsep.join([str(tmp_path / "guard"), str(ROOT)]), "NETWORK_LOG": str(log)}
    can_cut = shutil.which("unshare") and subprocess.run(["unshare", "--net", "true"]).returncode == 0
    command = [sys.executable, "-m", "engine", "generate", "a storm", "--model", str(nano_path), "--out", str(sky)]
    quick = ["--width", "128", "--steps", "2", "--sync-steps", "1", "--stride", "4"]
    subprocess.run([*(["unshare", "--net"] if can_cut else []), *command, *quick], env=environment, check=True)
    assert sky.exists()
    assert not log.exists(), log.read_text()
    tried = [sys.executable, "-c", "import socket; socket.getaddrinfo('127.0.0.1', 1)"]
    subprocess.run(tried, env=environment, check=True)
    assert log.exists(), "the guard sees nothing"
