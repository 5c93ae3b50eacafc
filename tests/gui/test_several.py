"""Two windows, two scenes, off and on again. The steps are played in inside/several.py."""

from conftest import Window


def test_closing_a_second_window_leaves_the_run_alone(window: Window) -> None:
    saw = window.saw("several", "windows")
    assert saw["count"] == 2
    assert saw["running"]
    assert not saw["after"]["error"]


def test_closing_the_window_that_asked_leaves_the_run_alone(window: Window) -> None:
    saw = window.saw("several", "from_the_second")
    assert saw["running"]
    assert saw["after"]["result"] == saw["shown"]


def test_closing_the_window_that_asked_leaves_a_cube_map_alone(window: Window) -> None:
    saw = window.saw("several", "cube_map_from_the_second")
    assert saw["child"], "the second window does not belong to the first"
    assert saw["running"], "it ended with its window"
    faces = [name.rpartition("_")[2] for name in saw["faces"]]
    assert faces == ["nx.png", "ny.png", "nz.png", "px.png", "py.png", "pz.png"]


def test_closing_the_window_that_asked_leaves_a_layout_alone(window: Window) -> None:
    saw = window.saw("several", "layout_from_the_second")
    assert saw["running"], "it ended with its window"
    assert saw["given_back"]


def test_a_sky_goes_to_its_own_scene(window: Window) -> None:
    saw = window.saw("several", "scenes")
    assert saw["running"], "it was ready before the window showed the other scene"
    assert saw["first"] == saw["after"]["result"]
    assert saw["other"] is None
    assert saw["later"] != saw["first"] == saw["kept"]
    assert saw["prompts"][0] != saw["prompts"][1], "two scenes share their settings"


def test_switched_off_and_on_again(window: Window) -> None:
    saw = window.saw("several", "switched_off")
    assert saw["gone"]
    assert saw["prompts"][0] == saw["prompts"][1], "the scene's settings are lost"
    assert not saw["after"]["error"]
    assert saw["shown"] == saw["after"]["result"]
