"""The farm's job type, run in a JavaScript engine with stand-ins for Flamenco's author objects."""

import subprocess
import sys
from pathlib import Path

import pytest
from browser import Browser

from engine.batch.command import chosen_shots
from engine.cli import command_parser

ROOT = Path(__file__).resolve().parents[2]
STAND_INS = """
const tasks = [];
const author = {
    Task: (name, type) => ({
        name, type, commands: [], dependencies: [],
        addCommand(command) { this.commands.push(command); },
        addDependency(task) { this.dependencies.push(task.name); },
    }),
    Command: (name, parameters) => ({ name, parameters }),
};
const job = { settings: arguments[0], addTask: (task) => tasks.push(task) };
"""


def compile_job(page: Browser, **settings: object) -> list[dict]:
    """The tasks that Flamenco would get. Settings that are not given have their defaults, as in Flamenco."""
    source = (ROOT / "farm" / "flamenco" / "skyloom.js").read_text(encoding="utf-8")
    complete = "for (const { key, default: value } of JOB_TYPE.settings) job.settings[key] ??= value;"
    page.open("about:blank")
    return page.run(f"{STAND_INS}\n{source}\n{complete}\ncompileJob(job);\nreturn tasks;", settings)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, object]:
    shots = tmp_path / "my shots.csv"
    shots.write_text("prompt,output\n" + "".join(f"sky {row},{row}\n" for row in range(1, 24)), encoding="utf-8")
    paths = {"shots": str(shots), "output_folder": str(tmp_path / "out")}
    return paths | {"rows": 23, "python": sys.executable, "extension_folder": str(ROOT)}


def test_the_tasks_make_every_row_once_and_then_the_gallery(page, settings, tmp_path):
    tasks = compile_job(page, **settings)
    assert [task["name"] for task in tasks] == ["rows 1-10", "rows 11-20", "rows 21-23", "summary and gallery"]
    assert tasks[-1]["dependencies"] == [task["name"] for task in tasks[:-1]]
    assert not any(task["dependencies"] for task in tasks[:-1])
    made: list[list[str]] = []
    for task in tasks:
        (command,) = task["commands"]
        assert (task["type"], command["name"], command["parameters"]["exe"]) == ("misc", "exec", sys.executable)
        arguments = command["parameters"]["args"]
        chosen = command_parser().parse_args(arguments[arguments.index("batch") :])
        shots, folder, _ = chosen_shots(chosen)
        assert folder == tmp_path / "out"
        made.append([shot.exr.stem for shot in shots])
    names = [str(row) for row in range(1, 24)]
    assert [name for part in made[:-1] for name in part] == names
    assert made[-1] == names


def test_a_task_starts_the_engine(page, settings):
    """The command as a Worker runs it, up to the point where the engine reads the list, which is gone."""
    parameters = compile_job(page, **settings)[0]["commands"][0]["parameters"]
    Path(settings["shots"]).unlink()
    done = subprocess.run([parameters["exe"], *parameters["args"]], capture_output=True, text=True, cwd="/")
    assert done.returncode == 2
    assert "shot list" in done.stderr and "cannot be read" in done.stderr


def test_wrong_numbers_are_refused(page, settings):
    with pytest.raises(RuntimeError, match="must be at least 1"):
        compile_job(page, **settings | {"rows": 0})
