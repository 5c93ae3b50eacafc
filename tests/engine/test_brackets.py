"""The merge of exposures that benchmarks/brackets.py compares inverse tone mapping with."""

import torch

from benchmarks.brackets import STOPS, expose, merge

WHITE = 1.5
WHITES = WHITE * torch.tensor([2.0**stop for stop in STOPS])


def _sky() -> torch.Tensor:
    """Radiance over five magnitudes, ``[3, 8, 64]``."""
    return torch.logspace(-2, 2.8, 512).view(1, 8, 64) * torch.tensor([1.0, 0.9, 0.8]).view(3, 1, 1)


def test_exposures_of_one_sky_merge_into_it() -> None:
    true = _sky()
    merged = merge(expose(true, WHITE), WHITE, expose(true, WHITES.view(-1, 1, 1, 1)), WHITES)
    lit = true > 0.05  # below that, eight bits are coarse
    assert (merged[lit] / true[lit] - 1).abs().max() < 0.1


def test_what_is_not_clipped_stays_as_it_was_given() -> None:
    true = _sky()
    given = expose(true, WHITE)
    wrong = expose(3 * true.flip(-1), WHITES.view(-1, 1, 1, 1))
    merged = merge(given, WHITE, wrong, WHITES)
    seen = given.amax(0) < 0.9 * WHITE
    assert torch.equal(merged[:, seen], given[:, seen])
    assert (merged.amax(0)[~seen] > 0.9 * WHITE).all()  # what was clipped is no darker
