"""Phrases for skies that captions do not use: a layout is drawn from them, but no model was taught with them.

Other forms of the captions' own words need no place here, see :mod:`.said`.
"""

from .parameters import Clouds, Glow, Ground, MoonPhase, Thing, Time


def listed(text: str) -> tuple[str, ...]:
    """The phrases of *text*, between commas and in lines of any length."""
    return tuple(" ".join(phrase.split()) for phrase in text.split(","))


TIMES: dict[Time, tuple[str, ...]] = {
    Time.NOON: listed("""
sun overhead, overhead sun, sun right above, sun directly above, sun at its highest, sun at its zenith, sun high up,
sun beating down, middle of the day, heat of the day, brightest hour, hottest hour, broad daylight, full daylight,
bright daylight, bright sunshine, bright sunlight, harsh sunlight, strong sunlight, glaring sun, blazing sun,
scorching sun, hot sun, sunny, summer day
"""),
    Time.MORNING: listed("""
forenoon, before noon, mid-afternoon, early afternoon, sun halfway up, sun midway, sun at mid height, sun climbing,
after breakfast, nine o'clock, ten o'clock, eleven o'clock, three o'clock, four o'clock, gentle daylight
"""),
    Time.GOLDEN: listed("""
magic hour, golden sun, golden rays, warm rays, slanting rays, golden sunshine, warm sunshine, warm sunlight, warm
light, warm glow, warm golden glow, amber light, honey light, slanting light, late light, low light, long shadows, sun
hanging low, sun getting low, before sundown, hour before sunset, just before sunset, end of the day
"""),
    Time.SUNSET: listed("""
sun going down, sun goes down, sun coming up, sun comes up, sun sinking, sun slipping, sun dipping, sun dropping, sun
rising, rising sun, sun emerging, sun peeking, sun touching the horizon, sun at the horizon, sun disappearing, sun
vanishing, half the sun, half a sun, sun half below the horizon, sun half hidden, first light, break of dawn
"""),
    Time.DUSK: listed("""
sun has set, sun already set, sun is down already, sun is gone, sun has gone down, sun below the horizon, after
sundown, gloaming, afterglow, last light, fading light, light is going, fading day, daylight fading, end of daylight,
darkening sky, darkening, blue evening, before dark, before night, between day and night, day turning to night,
getting dark, eventide
"""),
    Time.NIGHT: listed("""
pitch dark, pitch black, darkness of night, after dark, stargazing, no moon, small hours, dead of night, nocturnal,
outer space, shooting stars, constellations, galaxies, cosmos
"""),
    Time.MOON: listed("moon"),
}
MOONS: dict[MoonPhase, tuple[str, ...]] = {
    MoonPhase.CRESCENT: listed("crescent, sickle moon, thin moon, sliver of a moon"),
    MoonPhase.HALF: listed("quarter moon"),
    MoonPhase.GIBBOUS: listed("almost full moon, nearly full moon"),
}
CLOUDS: dict[Clouds, tuple[str, ...]] = {
    Clouds.CLEAR: listed("""
blue sky, not cloudy, zero clouds, clouds nowhere, nothing in the sky, nothing up there, nothing but blue, unbroken
blue, pure blue, perfect blue, blue dome, deep blue sky, bright blue sky, unclouded, bare sky, open sky, flawless sky,
spotless sky, spotless, pristine sky, immaculate sky
"""),
    Clouds.FEW: listed("""
small clouds, tiny clouds, little clouds, hardly a cloud, barely a cloud, scarcely a cloud, nearly cloudless, almost
cloudless, nearly clear, almost clear, mostly clear, mostly blue, nearly spotless, occasional cloud, stray cloud,
single cloud, solitary cloud, wandering cloud, isolated clouds, sparse clouds, lone cloud, one cloud, two clouds,
three clouds, tiny puffs, small puffs, stray puff, occasional puff, little puff, solitary puff, handful of clouds
"""),
    Clouds.SCATTERED: listed("""
cotton clouds, cotton balls, whipped cream, cauliflower clouds, popcorn clouds, woolly clouds, cartoon clouds, summer
clouds, drifting clouds, passing clouds, half cloudy, half covered, sun and clouds, clouds here and there, fluffy,
puffy
"""),
    Clouds.BROKEN: listed("""
sky full of clouds, crowded with clouds, packed with clouds, lots of clouds, plenty of clouds, much cloud, cloud
masses, huge clouds, massive clouds, enormous clouds, dense clouds, bulky clouds, chunky clouds, billowing clouds,
towering clouds, rolling clouds, cloud banks, heaps of clouds, mostly covered, sky mostly covered by clouds, three
quarters cloud, gaps between clouds, gaps in the clouds, occasional gaps, breaks in the clouds, holes in the clouds,
little blue between clouds, blue between clouds, glimpses of blue, sun through clouds
"""),
    Clouds.OVERCAST: listed("""
solid cloud, uniform cloud, cloud layer, layer of cloud, cloud deck, cloud ceiling, ceiling, low grey clouds, thick
grey clouds, covered in clouds, fully covered, entirely covered, closed sky, sky fully closed by cloud, hidden sky,
grey weather, grey ceiling, grey horizon, dull, dull day, dreary, drab, featureless, colourless sky, murky, leaden,
stratus, white sky, no blue, no sun, no shadows, flat light, gloomy, gloomy day
"""),
    Clouds.CIRRUS: listed("""
mares tails, horse tails, horsetail, brush strokes, brushstroke, strands, filaments, threads of cloud, gauzy,
gossamer, silky clouds, wisps, thin veil, veil of cloud, delicate clouds, high clouds, ice clouds, icy clouds,
hair-like clouds, hair-like
"""),
    Clouds.STORM: listed("""
thunder, lightning, downpour, rain, rainy, tempestuous, gale, ominous clouds, menacing, threatening, foreboding, angry
sky, wall cloud, wall of dark cloud, dark cloud masses, black cloud masses, heavy dark clouds, inky clouds, about to
rain, rain coming
"""),
    Clouds.MACKEREL: listed("""
mackerel, fish scales, scaly, fleecy clouds, buttermilk sky, corrugated, cobblestone clouds, rows of clouds, row after
row of clouds, cloudlets, herringbone, speckled clouds, honeycomb clouds
"""),
}
GROUNDS: dict[Ground, tuple[str, ...]] = {
    Ground.SEA: listed("""
water, seawater, blue water, blue sea, salt water, whitecaps, high seas, marine, offshore, mediterranean, caribbean,
sailing
"""),
    Ground.DESERT: listed("""
barren land, barren, dry land, drylands, badlands, gobi, saharan, arabia, mojave, sahel, outback, salt flats, scorched
earth, cracked earth, parched land, parched earth, cactus, camels, dust
"""),
    Ground.GRASS: listed("""
prairies, plains, pampas, farmland, flowers, wildflowers, green plain, hayfield, golf course, football pitch, pitch
"""),
    Ground.SNOW: listed("""
ice, icy, ice field, glacier, frozen ground, wintry, white field, polar, siberia, lapland, greenland, whiteout
"""),
    Ground.FOREST: listed("""
pines, tall pines, pinewood, conifers, firs, spruces, birches, beeches, oaks, redwoods, sequoias, canopy, thicket,
evergreens, leafy, foliage, treetops
"""),
    Ground.LAKE: listed("lakewater, tarn, loch, calm water, still water, mirror water"),
}
GLOWS: dict[Glow, tuple[str, ...]] = {
    Glow.ORANGE: listed("orange, fiery, flaming, tangerine"),
    Glow.GOLDEN: listed("golden, yellow"),
    Glow.RED: listed("red, reddish, crimson, scarlet"),
    Glow.PINK: listed("pink, purple, violet, magenta, lilac, pastel"),
}
THINGS: dict[Thing, tuple[str, ...]] = {
    Thing.MOUNTAINS: listed("alpine, peaks, summits, massif, andes, rockies, sierra, crags, snow capped"),
    Thing.HILLS: listed("hillside, knolls, undulating"),
    Thing.SKYLINE: listed("skyline, city, town, buildings"),
    Thing.CITY_GLOW: listed("city lights"),
    Thing.COAST: listed("coastline, seashore"),
    Thing.THUNDERHEAD: listed("supercell"),
    Thing.RAYS: listed("shafts of light, sun rays, rays"),
    Thing.FOG: listed("valley fog"),
}
TABLES = (TIMES, MOONS, CLOUDS, GROUNDS, GLOWS, THINGS)
