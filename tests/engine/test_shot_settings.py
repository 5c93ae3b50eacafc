"""What a row asks for beside its prompt: presets, files beside the list, where things are in the sky."""

import pytest

from engine.batch.shots import BadShots, read_shots
from engine.job_parts import Layout, Region

PRESETS = """
[defaults]
width = 512
steps = 10
seed = 4

[presets.evening]
steps = 20
negative = "people"
noise = "evening.safetensors"

[[shot]]
prompt = "a"
preset = "evening"
[[shot]]
prompt = "b"
preset = "evening"
steps = 30
[[shot]]
prompt = "c"
"""


def test_a_preset_is_above_the_defaults_and_below_the_row(write, tmp_path):
    shots = read_shots(write("shots.toml", PRESETS), tmp_path)
    assert [(shot.job.width, shot.job.steps, shot.job.negative, shot.job.seed) for shot in shots] == [
        (512, 20, "people", 4),
        (512, 30, "people", 4),
        (512, 10, "", 4),
    ]
    assert shots[0].job.noise == str(tmp_path / "evening.safetensors")


def test_a_preset_of_a_csv_is_a_file(write, tmp_path):
    (tmp_path / "looks").mkdir()
    write("looks/calm.toml", 'steps = 12\nmodel = "models/tiny"\nloras = [["calm.safetensors", 0.5]]\n')
    write("looks/job.json", '{"prompt": "fog", "seed": 9, "guidance": 2.5}')
    write("looks/broken.json", "{")
    write("looks/list.json", "[]")
    write("looks/nested.toml", 'preset = "calm.toml"\n')
    write("looks/typo.toml", "stepps = 3\n")
    rows = ["prompt,seeds,preset,steps", "a,1 2,looks/calm.toml,", "b,,looks/calm.toml,7", ",,looks/job.json,"]
    shots = read_shots(write("shots.csv", "\n".join(rows)), tmp_path)
    assert [(shot.job.prompt, shot.job.seed, shot.job.steps) for shot in shots] == [
        ("a", 1, 12),
        ("a", 2, 12),
        ("b", 0, 7),
        ("fog", 0, None),
    ]
    looks = tmp_path / "looks"
    assert shots[0].job.model == str(looks / "models" / "tiny")
    assert shots[0].job.loras == ((str(looks / "calm.safetensors"), 0.5),)
    assert shots[-1].job.guidance == 2.5
    bad = ["prompt,preset", *(f"a,looks/{name}" for name in ("broken.json", "list.json", "nested.toml", "typo.toml"))]
    with pytest.raises(BadShots) as caught:
        read_shots(write("bad.csv", "\n".join(bad)), tmp_path)
    for problem, says in zip(
        caught.value.message.splitlines()[1:],
        ("cannot be read", "does not hold settings", "names another one", "Unknown: stepps"),
        strict=True,
    ):
        assert says in problem


def test_files_are_beside_the_list(write, tmp_path):
    text = """[[shot]]
prompt = "a"
model = "sky-small"
loras = [["a.safetensors", 1], ["/b.safetensors", 0.5]]
embeddings = ["word.safetensors"]
sync_anchor = "anchor.png"
[[shot]]
prompt = "b"
sync_anchor = "90"
"""
    first, second = read_shots(write("shots.toml", text), tmp_path)
    assert first.job.loras == ((str(tmp_path / "a.safetensors"), 1.0), ("/b.safetensors", 0.5))
    assert first.job.embeddings == (str(tmp_path / "word.safetensors"),)
    assert first.job.sync_anchor == str(tmp_path / "anchor.png")
    assert (first.job.model, second.job.sync_anchor) == ("sky-small", 90.0)


def test_where_things_are_in_the_sky(write, tmp_path):
    """In a row, in its preset and in a cell; files are beside what names them."""
    text = """
[presets.sea]
regions = [{ prompt = "a storm", azimuth = 270 }, { prompt = "surf", mask = "surf.png" }]
[[shot]]
prompt = "a"
preset = "sea"
[[shot]]
prompt = "b"
preset = "sea"
start = "b.exr"
mask = "edit.png"
strength = 0.5
[[shot.regions]]
prompt = "a meadow"
lowest = -90
highest = 0
"""
    first, second = (shot.job for shot in read_shots(write("shots.toml", text), tmp_path))
    storm, surf = Region(prompt="a storm", azimuth=270), Region(prompt="surf", mask=str(tmp_path / "surf.png"))
    assert first.regions == (storm, surf)
    assert second.regions == (Region(prompt="a meadow", lowest=-90, highest=0),)
    assert (second.start, second.mask) == (str(tmp_path / "b.exr"), str(tmp_path / "edit.png"))
    cells = """prompt;regions;layout
a;"[{""prompt"": ""a storm"", ""azimuth"": 270}, {""prompt"": ""surf"", ""mask"": ""surf.png""}]";
b;;"{""light"": ""moon"", ""elevation"": 20}"
"""
    first, second = (shot.job for shot in read_shots(write("shots.csv", cells), tmp_path))
    assert first.regions == (storm, surf)
    assert second.layout == Layout(light="moon", elevation=20)


def test_every_row_with_a_bad_place_is_told_at_once(write, tmp_path):
    rows = {
        "prompt;regions;photos;layout;strength;mask": "",
        "a;storm;;;;": "regions must be a list, not 'storm'",
        'a;"[""storm""]";;;;': "regions 1 must be a JSON object",
        'a;"[{""azimuth"": 3}]";;;;': "regions 1 has no prompt",
        'a;"[{""prompt"": ""b""}, {""prompt"": ""c"", ""azimut"": 3}]";;;;': "regions 2 has entries that are unknown",
        'a;"[{""prompt"": ""b"", ""azimuth"": 900}]";;;;': "regions 1: azimuth is 900",
        'a;"[{""prompt"": ""b"", ""width"": ""wide""}]";;;;': "regions 1: width must be a number",
        'a;;"[{""azimuth"": 3}]";;;': "photos 1 has no file",
        'a;;;"{""light"": ""lamp""}";;': "layout: light is 'lamp'",
        "a;;;;0.5;": "strength has no meaning without a start",
        "a;;;;;m.png": "a mask, but no panorama to edit",
    }
    with pytest.raises(BadShots) as caught:
        read_shots(write("shots.csv", "\n".join(rows)), tmp_path)
    told = caught.value.message.splitlines()
    assert told[0] == "shots.csv has 10 bad rows; nothing was started."
    for line, (says, problem) in enumerate(zip(list(rows.values())[1:], told[1:], strict=True), 2):
        assert problem.startswith(f"line {line}: ") and says in problem
