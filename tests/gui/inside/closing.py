"""Blender is closed while a sky is being generated."""

from story import GENERATE, SIDEBAR, Steps, click_button, endless, moving, panels, told


def close(saw: dict) -> Steps:
    endless()
    yield from click_button(GENERATE, SIDEBAR)
    yield moving()
    saw["before"] = told()


STEPS = (panels, close)  # after its last step the driver quits Blender
