"""What a prompt is read to say: the captions' phrases, their forms, paraphrases, and what is denied."""

import random
from collections.abc import Mapping, Sequence

import pytest

from engine.sky import Clouds, Glow, Ground, Time, sample_parameters
from engine.sky.captions import caption
from engine.sky.parameters import MoonPhase, Thing
from engine.sky.phrases import CLOUDS, GROUNDS, TIMES
from engine.sky.said import Said, says
from engine.words import stem
from training.held_out import HELD_OUT, OTHER_WORDS

KINDS = {"time": (Time, TIMES), "clouds": (Clouds, CLOUDS), "ground": (Ground, GROUNDS)}


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("golden hour over a calm sea, scattered clouds", (Time.GOLDEN, Clouds.SCATTERED, Ground.SEA)),
        ("Late afternoon over SAND DUNES, not a single cloud", (Time.MORNING, Clouds.CLEAR, Ground.DESERT)),
        ("(storm clouds:1.4) over a grass field", (None, Clouds.STORM, Ground.GRASS)),
        ("bright moon at night over a forest", (Time.MOON, None, Ground.FOREST)),
        ("castles and dragons", (None, None, None)),
    ],
)
def test_hour_clouds_and_ground_are_read(prompt, said):
    read = Said.by(prompt)
    assert (read.time, read.clouds, read.ground) == said


@pytest.mark.parametrize("prompt", ["noon without clouds", "no clouds, noon", "noon, a sky without any puffy clouds"])
def test_clouds_that_are_denied_are_none(prompt):
    assert Said.by(prompt).clouds == Clouds.CLEAR


def test_what_is_denied_is_not_said():
    said = Said.by("sunset without mountains, no fog, scattered clouds, no snow")
    assert not said.things and said.ground is None
    assert said.clouds == Clouds.SCATTERED


def test_what_stands_beside_them_is_read():
    read = Said.by("hazy sunset with a blood red sky over a lake, distant mountains")
    assert read.glow == Glow.RED
    assert read.things == {Thing.HAZE, Thing.MOUNTAINS}
    assert Said.by("northern lights, rolling hills").things == {Thing.AURORA, Thing.HILLS}


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("the sun going down behind the pines, cotton clouds", (Time.SUNSET, Clouds.SCATTERED, Ground.FOREST)),
        ("low hills, the sun high in the sky", (Time.NOON, None, None)),
        ("lit by the moon, a treeless snowfield", (Time.MOON, None, Ground.SNOW)),
        ("starry night, the moon over the sea", (Time.MOON, None, Ground.SEA)),
        ("a moonless night, not even one cloud over the desert", (Time.NIGHT, Clouds.CLEAR, Ground.DESERT)),
        ("high feathery wisps above a grassy meadow", (None, Clouds.CIRRUS, Ground.GRASS)),
        ("clouds in a blue sky, a sunny beach", (Time.NOON, Clouds.SCATTERED, None)),
        ("northern lights over an icy lake", (Time.NIGHT, None, Ground.LAKE)),
        ("fluffy clouds behind storm clouds", (None, Clouds.STORM, None)),
        ("a cloud-free sky at mid-morning", (Time.MORNING, Clouds.CLEAR, None)),
        ("gloomy skies, leaden and grey, out on the open ocean", (None, Clouds.OVERCAST, Ground.SEA)),
    ],
)
def test_other_forms_and_paraphrases_are_read(prompt, said):
    read = Said.by(prompt)
    assert (read.time, read.clouds, read.ground) == said


def test_captions_are_read_as_they_are_meant():
    rng, wrong, said = random.Random(5), [], 0
    for _ in range(400):
        sky = sample_parameters(rng)
        text = caption(sky, rng)
        read = Said.by(text)
        for name in KINDS:
            kind = getattr(read, name)
            said += kind is not None
            if kind not in (None, getattr(sky, name)):
                wrong.append((text, kind))
    assert len(wrong) <= 4, wrong
    assert said > 0.9 * 3 * 400  # captions leave out some


@pytest.mark.parametrize(("phrases", "least"), [(HELD_OUT, 0.9), (OTHER_WORDS, 0.65)])
def test_most_phrases_nobody_thought_of_are_read(phrases: Mapping[Time | Clouds | Ground, Sequence[str]], least: float):
    """Each among phrases of the captions, none of whose meaning it changes."""
    rng, right, harmed = random.Random(3), dict.fromkeys(KINDS, 0), []
    for kind, some in phrases.items():
        spoken = next(name for name, (table, _) in KINDS.items() if isinstance(kind, table))
        for phrase in some:
            sky = sample_parameters(rng)
            parts = {name: rng.choice(words[getattr(sky, name)]) for name, (_, words) in KINDS.items()}
            read = Said.by("{time} over {ground}, {clouds}".format(**parts | {spoken: phrase}))
            right[spoken] += getattr(read, spoken) == kind
            harmed += [(phrase, name) for name in KINDS if name != spoken and getattr(read, name) != getattr(sky, name)]
    for name, (table, _) in KINDS.items():
        assert right[name] >= least * sum(len(phrases[kind]) for kind in table), name
    assert len(harmed) <= 2, harmed


def test_moons_and_things_that_no_model_was_taught_are_read():
    read = Said.by("thin crescent moon over the city, fog banks")
    assert (read.time, read.moon) == (Time.MOON, MoonPhase.CRESCENT)
    assert read.things == {Thing.SKYLINE, Thing.FOG}
    assert Said.by("a sandy beach, sunbeams, a towering thunderhead").things == {
        Thing.COAST,
        Thing.RAYS,
        Thing.THUNDERHEAD,
    }


def test_colours_of_a_low_sun_are_read():
    assert Said.by("a pink sunset").glow == Said.by("dusk with purple clouds").glow == Glow.PINK
    assert Said.by("red sunrise over a golden beach").glow == Glow.RED
    assert Said.by("golden hour").glow is None


def test_a_sun_is_one_of_which_no_more_is_said():
    assert Thing.SUN in Said.by("a sky with the sun").things
    for prompt in ("the setting sun", "sun rays", "a sunny day", "no sun"):
        assert Thing.SUN not in Said.by(prompt).things, prompt


def test_a_sunset_is_not_a_sun():
    assert says("two suns", ["sun"])
    assert not says("a sunset", ["sun"])
    assert not says("no sun at all", ["sun"])
    assert says("no sun at all", ["no sun"])


@pytest.mark.parametrize(
    "words",
    [
        ("cloud", "clouds", "clouded"),
        ("wisp", "wispy", "wisps"),
        ("star", "starry", "stars"),
        ("grey", "gray", "greys"),
    ],
)
def test_forms_of_a_word_have_one_stem(words):
    assert len({stem(word) for word in words}) == 1


def test_other_words_keep_theirs():
    words = ("even", "evening", "cloudy", "cloud", "green", "grey", "forest", "fog", "sun", "sand", "sea", "stars")
    assert len({stem(word) for word in words}) == len(words)
