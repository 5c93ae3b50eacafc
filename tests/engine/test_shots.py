"""Shot lists: what they say, and every bad row at once."""

import sys
from pathlib import Path

import pytest

from engine.batch.shots import BadShots, check_scenes, read_shots
from engine.errors import BadRequest

TOML = '''
[defaults]
width = 512
negative = """
[[shot]]
people"""

[[shot]]
prompt = "golden hour, calm sea"
seeds = [3, 1]

[[shot]]  # the second
prompt = "a storm / hail"
variations = 2
seed = 7
steps = 12
model = "models/tiny"
output = "{row:03}/{model}-{prompt}-{width}-{seed}"
blend = "shot.blend"
camera = "Left"
'''


def test_toml(write, tmp_path):
    shots = read_shots(write("shots.toml", TOML), tmp_path / "out")
    assert [(shot.row, shot.line, shot.job.seed) for shot in shots] == [(1, 8, 3), (1, 8, 1), (2, 12, 7), (2, 12, 8)]
    assert [shot.exr.relative_to(tmp_path / "out").as_posix() for shot in shots] == [
        "golden-hour-calm-sea-3.exr",
        "golden-hour-calm-sea-1.exr",
        "002/tiny-a-storm-hail-512-7.exr",
        "002/tiny-a-storm-hail-512-8.exr",
    ]
    assert {(shot.job.width, shot.job.negative) for shot in shots} == {(512, "[[shot]] people")}
    last = shots[-1]
    assert (last.job.steps, last.job.model) == (12, str(tmp_path / "models" / "tiny"))
    assert (last.blend, last.camera) == (tmp_path / "shot.blend", "Left")
    assert (shots[0].job.model, shots[0].blend) == ("sky-small", None)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_of_a_spreadsheet(write, tmp_path, separator):
    rows = [
        ["prompt", "seeds", "guidance", "width", "solver"],
        ['"a\nstorm"', "1 4-6", "3", "", "euler"],
        ["", "", "", "", ""],
        ["12", "0", "2.5", "256", ""],
    ]
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in rows)
    shots = read_shots(write("shots.csv", text), tmp_path)
    assert [(shot.line, shot.job.seed) for shot in shots] == [(2, 1), (2, 4), (2, 5), (2, 6), (5, 0)]
    assert (shots[0].job.prompt, shots[0].job.guidance, shots[0].job.width) == ("a storm", 3.0, None)
    assert (shots[-1].job.prompt, shots[-1].job.width, shots[-1].job.solver) == ("12", 256, None)


def test_every_bad_row_is_told_at_once(write, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path)
    rows = {
        "prompt,seeds,width,output,solver": "",
        "good,1,,same,": "",
        "a,1,sixty,,": "width must be a whole number, not 'sixty'",
        "a,one,,,": "seeds must be whole numbers",
        "a,5-1,,,": "seeds must be whole numbers",
        ",1,,,": "no prompt",
        "a,2,,../up,": "outside the folder",
        "a,2,,/tmp/up,": "outside the folder",
        "a,2,,link/up,": "outside the folder",
        "a,2,,SAME,": "The output SAME.exr is written by line 2 too",
        "a,1-3,,once,": "once.exr is written twice",
        "a,2,,{oops},": "unknown fields: oops",
        "a,2,,{seed.real},": "unknown fields: seed.real",
        "a,2,,{prompt:03d},": "is wrong",
        "a,2,,{,": "is wrong",
        "a,2,,{row:0999999999},": "is wrong",
        "a,2,,a\u0007b,": "is no name for a file",
        f"a,2,,{'a' * 250},": "is no name for a file",
        "a,2,,,rk45": "'rk45', which is unknown",
        "a,2,,,,more": "cell 6 without a column",
    }
    with pytest.raises(BadShots) as caught:
        read_shots(write("shots.csv", "\n".join(rows)), tmp_path / "out")
    told = caught.value.message.splitlines()
    assert told[0] == "shots.csv has 18 bad rows; nothing was started."
    for line, ((number, says), problem) in enumerate(
        zip(list(enumerate(rows.values(), 1))[2:], told[1:], strict=True), 3
    ):
        assert line == number
        assert problem.startswith(f"line {line}: ") and says in problem


def test_what_to_do_about_many_rows_is_said_once(write, tmp_path):
    with pytest.raises(BadShots) as caught:
        read_shots(write("shots.csv", "prompt,sunset\na,1\nb,2\n"), tmp_path)
    told = caught.value.message.splitlines()[1:]
    assert [line.partition(" Known are ")[0] for line in told] == [
        "line 2: Unknown: sunset.",
        "line 3: Unknown: sunset.",
    ]
    assert ["Known are" in line for line in told] == [True, False]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('prompt = "a"\nsunset = true', "Unknown: sunset"),
        ("prompt = 5", "prompt must be text"),
        ('prompt = "a"\nseed = 1\nseeds = [1]', "seeds stands beside seed"),
        ('prompt = "a"\nvariations = 0', "variations is 0. It must be between 1 and"),
        ('prompt = "a"\nvariations = true', "variations must be"),
        ('prompt = "a"\nseeds = [1.5]', "seed must be a whole number"),
        ('prompt = "a"\nseeds = []', "seeds must be"),
        ('prompt = "a"\nwidth = "512"', "width must be a whole number"),
        ('prompt = "a"\nblend = 3', "blend must be a text"),
        ('prompt = "a"\npreset = "none"', "preset none is unknown"),
        ('prompt = "a"\npreset = 3', "preset must be a name"),
    ],
)
def test_bad_row_of_a_toml(write, tmp_path, row, says):
    with pytest.raises(BadShots, match=f"(?s)has 1 bad row;.*line 1: .*{says}"):
        read_shots(write("shots.toml", f"[[shot]]\n{row}\n"), tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("shots.txt", "", "neither .toml nor .csv"),
        ("shots.toml", "[[shot]", "not valid TOML"),
        ("shots.toml", "", "has no shots"),
        ("shots.toml", "[[shots]]\n", "unknown tables: shots"),
        ("shots.toml", 'shot = [{prompt = "a"}]', "not written as tables"),
        ("shots.toml", "shot = 5", "not written as tables"),
        ("shots.toml", "defaults = 5", "not written as tables"),
        ("shots.csv", "", "has no shots"),
        ("shots.csv", "prompt,prompt\na,b\n", "two have one name"),
        ("shots.csv", 'prompt\n"a', "not valid CSV: line 2"),
    ],
)
def test_what_is_no_shot_list(write, tmp_path, name, text, says):
    with pytest.raises(BadRequest, match=says):
        read_shots(write(name, text), tmp_path)


def test_every_missing_scene_is_told_at_once(write, tmp_path):
    write("there.blend", "")
    rows = ["prompt,blend", "a,there.blend", "b,gone.blend", "c,", "d,far/gone.blend"]
    with pytest.raises(BadShots) as caught:
        check_scenes(read_shots(write("shots.csv", "\n".join(rows)), tmp_path))
    assert [line.partition(":")[0] for line in caught.value.message.splitlines()[1:]] == ["line 3", "line 5"]


def test_missing_shot_list(tmp_path):
    with pytest.raises(BadRequest, match="cannot be read"):
        read_shots(tmp_path / "none.csv", tmp_path)


def test_reading_a_list_needs_the_standard_library_only():
    """Blender's side does it too."""
    import subprocess

    code = "import sys, engine.batch.shots; assert not {'torch', 'numpy', 'bpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)
