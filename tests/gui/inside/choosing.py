"""Choosing a model: offline, its licence, a download that is cancelled and goes on, from a hub on loopback."""

import fcntl
import os
import signal
import socket
import struct
import sys
from pathlib import Path

import bpy
from keeping import at_rest
from screen import Until, area, move, screenshot, viewport_point, xdotool
from story import NANO, SIDEBAR, Steps, click_button, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.hub_server import Hub

MODEL, REPOSITORY = "lcm-dreamshaper", "SimianLuo/LCM_Dreamshaper_v7"
DOWNLOAD = f'skyloom.download_model(name="{MODEL}")'
CLOSED = bpy.types.SKYLOOM_PT_sidebar_models
hub = Hub()


def downloads():
    return sys.modules["bl_ext.user_default.skyloom.downloads"]


def folder() -> Path:
    return Path(os.environ["SKYLOOM_MODELS"]) / MODEL


def loopback_up() -> None:
    """The network namespace of these tests begins without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING


def offline(saw: dict) -> Steps:
    """The catalogue in the panel; without online access the download is grey and says why."""
    loopback_up()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # the hub is in this process; Blender would end when it is hung up on
    hub.repositories[REPOSITORY] = Path(NANO)
    os.environ["HF_ENDPOINT"] = hub.url
    bpy.utils.unregister_class(CLOSED)  # the window remembers panels as closed by their names
    panels = {"bl_label": CLOSED.bl_label, "bl_parent_id": "SKYLOOM_PT_sidebar", "bl_options": set()}
    bpy.utils.register_class(type("SKYLOOM_PT_sidebar_models_open", CLOSED.__bases__, panels))
    bpy.context.preferences.system.use_online_access = False
    yield from at_rest()
    settings().model = MODEL
    area("VIEW_3D").tag_redraw()
    yield 2.0
    yield from screenshot("offline")
    saw["poll"] = bpy.ops.skyloom.download_model.poll()
    saw["requests"] = len(hub.requests)


def cancelled(saw: dict) -> Steps:
    """The licence comes first; then the download moves, and the button cancels it."""
    bpy.context.preferences.system.use_online_access = True
    hub.faults.stall = {"diffusion_pytorch_model.safetensors": 1 << 17}
    yield 1.0
    yield from click_button(DOWNLOAD, SIDEBAR)
    yield 1.0
    yield from screenshot("licence")
    saw["before"] = len(hub.requests)
    xdotool("key", "Return")
    yield Until("the download to move", lambda: hub.stalled.is_set() and downloads().status().fraction > 0, 60)
    yield from move(*viewport_point())
    yield 1.0
    yield from screenshot("downloading")
    saw["running"] = downloads().running()
    yield from click_button("skyloom.cancel_download()", SIDEBAR)
    yield Until("the download to end", lambda: not downloads().running())
    saw |= {"error": downloads().status().error, "there": folder().exists()}


def gone_on(saw: dict) -> Steps:
    """The next click goes on, until the model is there."""
    hub.go_on.set()
    hub.faults.stall.clear()
    hub.requests.clear()
    yield from move(*viewport_point())
    yield 1.0
    yield from click_button(DOWNLOAD, SIDEBAR)
    yield 1.0
    xdotool("key", "Return")
    yield Until("the model to be there", folder().exists, 60)
    yield Until("the download to end", lambda: not downloads().running())
    ranges = [headers["range"] for path, headers in hub.requests if "range" in headers and path.startswith("/cdn")]
    saw |= {"there": (folder() / "model_index.json").exists(), "ranges": ranges}
    yield from move(*viewport_point())
    yield 1.0
    yield from screenshot("downloaded")
    bpy.ops.skyloom.remove_model("EXEC_DEFAULT", name=MODEL)
    bpy.utils.unregister_class(bpy.types.SKYLOOM_PT_sidebar_models_open)
    bpy.utils.register_class(CLOSED)


STEPS = (offline, cancelled, gone_on)
