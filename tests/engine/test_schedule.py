"""Which steps are synchronized if a job leaves that open, and what a few windows side by side do for all."""

import pytest
import torch
from ring_bench import Bench

from engine.errors import BadRequest
from engine.job import Job
from engine.plan import plan
from engine.sampling.samplers import multidiffusion, sparse_sync_diffusion
from engine.sampling.windows import Windows
from engine.schedule import PAPER_WEIGHT, schedule

DRAWN = Windows.layout("ring", 32, 16, 16)


def steps_of(job: Job, steps: int) -> list[int]:
    done = schedule(job, steps)
    return list(range(done["sync_from"], done["sync_steps"], done["sync_every"]))


def test_default_is_a_few_steps_on_the_way_to_the_middle():
    for steps in (1, 2, 4, 10, 25, 28, 50, 100):
        chosen = steps_of(Job(prompt="a"), steps)
        assert 1 <= len(chosen) <= 3
        assert steps // 3 <= chosen[0]
        assert chosen[-1] <= steps / 2


def test_what_is_asked_for_is_the_papers():
    for job in (Job(prompt="a", sync_windows="all"), Job(prompt="a", windows="reference")):
        assert steps_of(job, 5) == [0, 1, 2, 3, 4]
        assert schedule(job, 5)["sync_weight"] == PAPER_WEIGHT
    assert steps_of(Job(prompt="a", sync_steps=2), 5) == [0, 1]
    assert schedule(Job(prompt="a", sync_steps=2), 5)["sync_windows"] == "all"
    assert steps_of(Job(prompt="a", sync_windows="side-by-side", sync_steps=4, sync_from=1, sync_every=2), 5) == [1, 3]
    assert schedule(Job(prompt="a", sync_weight=3), 5)["sync_weight"] == 3


@pytest.mark.parametrize("asked", [{"sync_from": 10}, {"sync_from": 3, "sync_steps": 2}, {"sync_from": 3}])
def test_synchronization_that_would_be_none_is_refused(asked):
    with pytest.raises(BadRequest, match=r"is none\. Lower sync_from"):
        schedule(Job(prompt="a", **asked), 4)
    assert schedule(Job(prompt="a", sync_from=3, sync_steps=0), 4)["sync_steps"] == 0


def test_a_completed_job_stays_as_it_is(nano):
    for job in (
        Job(prompt="a", width=128),
        Job(prompt="a", width=128, sync_windows="all"),
        Job(prompt="a", sampler="spot"),
    ):
        done = plan(job, nano).job
        assert plan(done, nano).job == done


def test_a_strip_has_no_side_by_side(nano):
    with pytest.raises(BadRequest, match="on a ring only"):
        plan(Job(prompt="a", width=128, windows="strip", sync_windows="side-by-side"), nano)


def run(bench: Bench, noise: torch.Tensor, wander: bool, **changes: object) -> torch.Tensor:
    sync = bench.sync(anchor=1, **changes)
    *_, last = sparse_sync_diffusion(bench.denoise, noise, bench.solver(), bench.windows, sync, DRAWN, wander)
    return last.x


def test_without_weight_it_is_multidiffusion(bench):
    *_, plain = multidiffusion(bench.denoise, bench.noise, bench.solver(), bench.windows)
    torch.testing.assert_close(run(bench, bench.noise, True, initial_weight=0.0), plain.x)


def test_the_anchor_stays_and_its_neighbour_comes_nearer(bench):
    """In the one synchronized step of one: the canvas moves where the other window is."""
    solver, before = bench.solver(1), bench.windows.gather(bench.noise)
    sync, level = bench.sync(anchor=1, steps=1, initial_weight=2.0), solver.levels[0]
    windows = DRAWN.gather(bench.noise)
    moved = sync.move(bench.denoise, windows, level, 0)
    assert torch.equal(moved[1], torch.zeros_like(moved[1]))

    def apart(x: torch.Tensor) -> float:
        with torch.no_grad():
            pictures = bench.model.display(bench.denoise(x, level, torch.arange(2)))
        return bench.distance(pictures[:1], pictures[1:]).item()

    assert apart(windows + moved) < apart(windows)
    assert torch.equal(bench.windows.gather(bench.noise), before), "the canvas itself is not touched"


def test_rolling_the_noise_rolls_the_result_if_the_anchor_stays(exact_bench):
    """By one of the drawn windows; which of the two is the anchor then changes as well."""
    straight = run(exact_bench, exact_bench.noise, False)
    sync = exact_bench.sync(anchor=0)
    rolled = exact_bench.noise.roll(16, dims=3)
    *_, last = sparse_sync_diffusion(
        exact_bench.denoise, rolled, exact_bench.solver(), exact_bench.windows, sync, DRAWN, False
    )
    torch.testing.assert_close(last.x, straight.roll(16, dims=3), atol=1e-5, rtol=0)
    assert (run(exact_bench, exact_bench.noise, True) - straight).abs().max() > 1e-3, "wandering is something else"
