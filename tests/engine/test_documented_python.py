"""The examples of docs/python.md, as they stand there, with a tiny model in place of the bundled one."""

import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

import engine
from engine.batch.shots import read_shots


def test_examples(nano_path, tmp_path, monkeypatch, capsys):
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.S)
    assert len(examples) == 4
    monkeypatch.chdir(tmp_path)
    Path("shots.toml").write_text(f'[[shot]]\nprompt = "fog"\nmodel = "{nano_path}"\nwidth = 128\nsteps = 2\n')
    quick = f'Job(model="{nano_path}", width=128, steps=2, '
    names: dict = {}
    for example in examples:
        exec(example.replace("Job(", quick), names)
    assert {path.stem for path in Path().glob("*.exr")} == {"lake", "a-storm-0", "a-storm-1", "a-storm-2", "dawn"}
    told = capsys.readouterr().out
    assert "save: 100%" in told and "lake.exr 128 64" in told
    assert f"1 done {tmp_path / 'skies' / 'fog-0.exr'}" in told


def test_documented_shot_lists(tmp_path):
    """Each list of docs/batch.md asks for the same skies as TOML and as CSV."""
    text = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    lists = []
    for kind in ("toml", "csv"):
        path = tmp_path / f"shots.{kind}"
        for block in re.findall(rf"```{kind}\n(.*?)```", text, re.S):
            path.write_text(block, encoding="utf-8")
            lists.append([shot.job for shot in read_shots(path, tmp_path)])
    plain, directed, plain_csv, directed_csv = lists
    assert [(job.prompt, job.seed) for job in plain] == [(job.prompt, job.seed) for job in plain_csv]
    assert [job.seed for job in plain] == [3, 8, 10, 11, 12, 13]
    assert directed == directed_csv
    assert directed[0].regions[0].azimuth == 270 and directed[1].photos[0].file == str(tmp_path / "plates/pier.jpg")


def test_generate_stays_a_function():
    """Whatever modules of the engine have been imported; and torch waits until it is asked for."""
    code = """
import sys, engine
assert engine.Job(prompt="a") and "torch" not in sys.modules
import engine.pipeline
from engine import generate
assert callable(generate) and "generate" in dir(engine.pipeline)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert engine.__all__ == ["Job", "generate"]
