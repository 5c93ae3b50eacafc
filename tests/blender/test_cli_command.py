"""What ``blender --command skyloom`` calls, with the exit codes of the engine's own command line."""

import pytest
from conftest import NANO, extension

QUICK = ["--model", str(NANO), "--width", "128", "--steps", "2", "--sampler", "multidiffusion", "--seed", "3"]


def run(*arguments: str) -> int:
    return extension("cli_command").run([*arguments])


def test_writes_a_sky(scene, tmp_path, capfd):
    out = tmp_path / "sky.exr"
    assert run("--prompt", "a storm", "--out", str(out), *QUICK) == 0
    assert out.exists()
    told = capfd.readouterr()
    assert told.out.strip() == str(out)
    assert "Step 2 of 2" in told.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--prompt", ""], 2),
        (["--prompt", "a storm", "--no-such-option"], 2),
        (["--prompt", "a storm", "--out", "/proc/sky.exr", *QUICK], 2),
        (["--prompt", "a storm", *QUICK, "--model", "/no/such/model"], 3),
    ],
)
def test_failures_have_exit_codes_and_one_line(scene, tmp_path, monkeypatch, capfd, arguments, code):
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == code
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert not list(tmp_path.iterdir())
