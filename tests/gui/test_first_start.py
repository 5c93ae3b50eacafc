"""The engine is installed by clicks, from the real packages. The steps are played in inside/first_start.py."""

from conftest import Window

FOLDER = "engine/environment"  # in the extension's own folder


def test_panel_leads_to_the_preferences(window: Window) -> None:
    saw = window.saw("first_start", "without")
    assert not saw["generate"], "the button can be clicked"
    assert saw["state"] == "missing"


def test_nothing_is_installed_offline(window: Window) -> None:
    saw = window.saw("first_start", "without")
    assert not saw["online"]
    assert not saw["install"], "the button can be clicked"


def test_cancelled_installation_is_kept_for_the_next_click(window: Window) -> None:
    saw = window.saw("first_start", "cancelled")
    assert 0 < saw["fraction"] < 1
    assert not saw["error"]
    assert saw["state"] == "incomplete"


def test_installed_by_a_click(window: Window) -> None:
    saw = window.saw("first_start", "installed")
    assert not saw["error"]
    assert saw["state"] == "ready"
    assert sorted(set(saw["fractions"])) == saw["fractions"], "the bar did not move"
    assert saw["bytes"] > 1e9


def test_installed_engine_paints_the_world(window: Window) -> None:
    saw = window.saw("first_start", "generated")
    assert not saw["after"]["error"]
    assert FOLDER in saw["python"]
    assert saw["shown"] == saw["after"]["result"]


def test_repair_brings_a_lost_file_back(window: Window) -> None:
    saw = window.saw("first_start", "repaired")
    assert saw["there"] and saw["state"] == "ready" and not saw["error"]


def test_removed_by_a_click(window: Window) -> None:
    saw = window.saw("first_start", "removed")
    assert saw["before"] == "ready", "it was removed without a question"
    assert saw["state"] == "missing" and not saw["folder"]
