"""Blender is closed while a sky is being generated."""

from story import SIDEBAR, Steps, click_generate, endless, moving, panels, told


def close(saw: dict) -> Steps:
    endless()
    yield from click_generate(SIDEBAR)
    yield moving()
    saw["before"] = told()


STEPS = (panels, close)  # after its last step the driver quits Blender
