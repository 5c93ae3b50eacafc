"""Progress as an artist reads it."""

import pytest
from conftest import extension


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "Step 12 of 25"),
        (0.0, "Step 12 of 25 · 1 s left"),
        (7.2, "Step 12 of 25 · 8 s left"),
        (90.0, "Step 12 of 25 · 2 min left"),
        (7500.0, "Step 12 of 25 · 2 h 5 min left"),
    ],
)
def test_progress(installed, seconds, words):
    assert extension("engine.wording").progress_text("Step 12 of 25", seconds) == words
