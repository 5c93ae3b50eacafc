"""One Chromium for all tests here."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, browser


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def page(downloads: Path) -> Iterator[Browser]:
    if not shutil.which("chromedriver"):
        pytest.skip("there is no chromedriver, and so no browser to test in")
    with browser(downloads) as opened:
        yield opened
