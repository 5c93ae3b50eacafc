"""An artist's sitting at a real Blender window, judged step by step. The steps are played in inside/story.py."""

from pathlib import Path

import numpy as np
import pytest
from conftest import Window
from look import blocks, expected, read_panorama, read_screenshot


def test_panel_is_in_both_places(window: Window) -> None:
    saw = window.saw("story", "panels")
    assert saw["world_tab"], "no Generate button in the World tab"
    assert saw["sidebar"], "no Generate button in the sidebar"


def test_click_starts_a_run(window: Window) -> None:
    saw = window.saw("story", "progress")
    assert saw["after_click"]["running"], saw["after_click"]
    assert saw["after_click"]["stage"]


def test_progress_moves(window: Window) -> None:
    first, later = window.saw("story", "progress")["fractions"]
    assert 0 < first < later < 1


def test_progress_is_drawn(window: Window) -> None:
    """The place of the button looks different while it runs, without any event over it."""
    x, y = window.saw("story", "progress")["button"]
    crop = (x - 60, y - 12, x + 60, y + 12)
    idle, running = (read_screenshot(window.picture("story", name), crop) for name in ("idle", "progress"))
    assert np.abs(idle - running).mean() > 0.02


def test_window_stays_responsive(window: Window) -> None:
    """The event loop turned all the time, and the mouse wheel zoomed the viewport."""
    saw = window.saw("story", "progress")
    pauses = np.diff(saw["ticks"])
    assert len(pauses) > 20
    assert pauses.max() < 5, f"the window stood still for {pauses.max():.1f} s"
    assert saw["distance_after"] < saw["distance_before"]


def test_second_click_is_refused(window: Window) -> None:
    saw = window.saw("story", "progress")
    assert not saw["poll"]
    assert saw["after_second_click"]["running"]
    assert saw["after_second_click"]["fraction"] > 0, "the second click began the run anew"


@pytest.mark.parametrize("step", ["escape", "cancel_button"])
def test_cancel(window: Window, step: str) -> None:
    saw = window.saw("story", step)
    assert saw["before"]["running"]
    assert not saw["after"]["running"]
    assert not saw["after"]["error"]
    assert not saw["after"]["result"]
    assert saw["world"] == "World", "a cancelled run changed the world"
    assert saw["skies"] == [], "a cancelled run left files"


def test_missing_python_is_said_before_a_click(window: Window) -> None:
    saw = window.saw("story", "no_python")
    assert saw["preferences_button"], "the panel does not lead to the preferences"
    assert not saw["after_click"]["running"]


@pytest.mark.parametrize("step", ["python_without_torch", "missing_model"])
def test_error_is_shown_with_a_hint(window: Window, step: str) -> None:
    saw = window.saw("story", step)
    assert saw["after"]["error"]
    assert saw["after"]["hint"]
    assert "Traceback" not in saw["after"]["error"] + saw["after"]["hint"]
    assert saw["copy_error_button"], "the panel does not show the error"


def test_error_report_is_copied(window: Window) -> None:
    saw = window.saw("story", "missing_model")
    assert saw["after"]["error"] in saw["clipboard"]


def test_retry_sets_the_world(window: Window) -> None:
    saw = window.saw("story", "retry")
    assert not saw["after"]["error"]
    assert saw["world"] != saw["old_world"]
    assert saw["old_world"] in saw["worlds"], "the old world is lost"
    assert {"ShaderNodeTexEnvironment", "ShaderNodeBackground"} <= set(saw["nodes"])
    assert saw["colorspace"] == "Linear Rec.709"
    assert saw["image"] == saw["after"]["result"]
    assert len([name for name in saw["skies"] if name.endswith(".exr")]) == 1, saw["skies"]


def test_undo_and_redo(window: Window) -> None:
    saw = window.saw("story", "undo")
    assert saw["undone"] == window.saw("story", "retry")["old_world"]
    assert saw["redone"] == saw["before"]


def test_sky_is_seen_in_the_viewport(window: Window) -> None:
    """The Cycles viewport shows, pixel region by pixel region, what the EXR holds in that direction."""
    saw = window.saw("story", "sky")
    region = tuple(saw["box"])
    crop = (region[0] + 80, saw["header_bottom"] + 30, saw["sidebar_left"] - 20, region[3] - 20)
    panorama = read_panorama(window.panorama())
    want = blocks(expected(panorama, saw["view_matrix"], saw["window_matrix"], region, crop))
    have = blocks(read_screenshot(window.picture("story", "sky-standard"), crop))
    assert want.std() > 0.02, "the sky is too even to tell anything"
    assert np.abs(have - want).mean() < 0.05
    assert np.corrcoef(have.ravel(), want.ravel())[0, 1] > 0.9


def test_scene_without_a_world_gets_one(window: Window) -> None:
    saw = window.saw("story", "no_world")
    assert not saw["after"]["error"]
    assert saw["world"]


@pytest.mark.parametrize("story", ["closing", "crash"])
def test_closing_blender_ends_the_engine(window: Window, story: str) -> None:
    assert window.saw(story, "close")["before"]["running"]
    assert window.after(story)["engine_ended"]
    assert window.skies(story) == [], "it went on, or files were left"


def test_blender_quits_cleanly(window: Window) -> None:
    assert window.after("story")["status"] == 0
    assert window.after("closing")["status"] == 0


def test_preview_moves_in_panel_and_world(window: Window) -> None:
    saw = window.saw("keeping", "preview")
    first, later = saw["pixels"]
    assert first != later
    assert saw["lent"] != saw["own"], "the world did not show the preview"
    assert saw["after"] == saw["own"] and saw["lent"] not in saw["left"], "the world was not given back"


def test_four_variations_and_one_picked(window: Window) -> None:
    saw = window.saw("keeping", "variations")
    assert len(set(saw["results"])) == 4, saw["after"]
    assert saw["world"] == window.saw("keeping", "preview")["own"], "a sky was set before one was picked"
    assert window.saw("keeping", "pick")["picked"] in saw["results"]


def test_settings_of_a_sky_are_used_from_its_menu(window: Window) -> None:
    saw = window.saw("keeping", "pick")
    assert saw["settings"] == ["golden hour over a calm sea, scattered clouds", 20, 2]


def test_same_picture_again_and_after_reopening(window: Window) -> None:
    saw = window.saw("keeping", "again")
    picked = window.saw("keeping", "pick")["picked"]
    paths = [Path(path) for path in (picked, saw["same"], saw["reopened"])]
    assert len(set(paths)) == 3, "an older sky was overwritten"
    assert len({read_panorama(path).tobytes() for path in paths}) == 1, "it is another picture"
    assert saw["worlds"][0] == saw["worlds"][1]
    assert [path[:2] for path in saw["stored"]] == ["//"], "the path in a saved file is not relative"


def test_styles_have_pictures(window: Window) -> None:
    icons = window.saw("keeping", "styles")["icons"].values()
    assert all(icons) and len(set(icons)) == len(icons) > 1


def test_packed_sky_has_a_picture_without_its_files(window: Window) -> None:
    icons = window.saw("keeping", "lost")["icons"]
    assert all(icons) and len(set(icons)) == 3


def test_each_panel_can_be_opened(window: Window) -> None:
    """Each draws something of its own in the sidebar, and none what Blender's own tab does."""
    saw = window.saw("keeping", "each")
    assert len(saw["names"]) >= 8
    left, top, right, bottom = saw["box"]
    columns = [
        read_screenshot(window.picture("keeping", f"each-{name}"), (left, top, right - 30, bottom))
        for name in (*saw["names"], "of-blender")
    ]
    for number, column in enumerate(columns):
        assert min(np.abs(column - other).mean() for other in columns[:number] + columns[number + 1 :]) > 0.002


def test_panels_are_drawn_open_large_and_light(window: Window) -> None:
    window.saw("keeping", "looks")
    dark, large, light = (
        read_screenshot(window.picture("keeping", name), (1040, 80, 1300, 800))
        for name in ("panels", "panels-large", "panels-light")
    )
    assert np.abs(dark - large).mean() > 0.02
    assert light.mean() > 2 * dark.mean()
