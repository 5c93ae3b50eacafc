"""The engine in the preferences of a real Blender window. The steps are played in inside/installing.py."""

from conftest import Window


def test_offline_is_said_before_a_click(window: Window) -> None:
    saw = window.saw("installing", "offline")
    assert not saw["online"]
    assert saw["check_button"], "the preferences do not show the engine"
    assert not saw["install"]


def test_a_failed_installation_leaves_the_window_usable(window: Window) -> None:
    window.saw("installing", "failure")


def test_cancel_button_ends_a_check(window: Window) -> None:
    assert "makes a sky" not in window.saw("installing", "cancel")["report"]


def test_check_reports(window: Window) -> None:
    saw = window.saw("installing", "check")
    assert not saw["during"]
    lines = saw["report"].splitlines()
    assert not [line for line in lines if line.startswith("wrong")], saw["report"]
    # Which, depends on whether a newer release of what the tests' engine does not pin is out.
    assert "packages are there, in the versions" in saw["report"] or "packages have another version" in saw["report"]
    assert "makes a sky" in saw["report"], saw["report"]
