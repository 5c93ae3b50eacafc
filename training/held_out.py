"""Phrases that no caption uses and that nothing here was fitted to: whether they are understood says how far a model,
and :mod:`engine.sky.said`, have generalised.

Written from the list of the captions' phrases by somebody who had not seen how prompts are read.
"""

from collections.abc import Sequence

from engine.sky import Clouds, Ground, Time
from engine.sky.paraphrases import listed

# Of words that captions use, or of their stems, in another order or sense.
HELD_OUT: dict[Time | Clouds | Ground, Sequence[str]] = {
    Time.NOON: listed("""
the sun straight overhead, bright daylight at noon, midday sunshine, the sun right above us, noontime light, a bright
and sunny midday, the sun at its very highest, full sunshine around noon
"""),
    Time.MORNING: listed("""
a soft sunny morning, mid afternoon sunshine, gentle sunlight of the morning, sunlight in the afternoon, a bright
fresh morning hour, late in the afternoon, the middle of the morning, calm afternoon daylight
"""),
    Time.GOLDEN: listed("""
low warm sunlight, the golden evening sun, sun getting low and golden, a warmly glowing evening, soft warm evening
sunlight, an hour of golden glow, a warm sunny evening, light turning golden in the evening
"""),
    Time.SUNSET: listed("""
the sun just setting, the rising sun, a fiery red sunset, sun setting at the horizon, the sun rises at dawn, the break
of day, sunrise in pink and orange, the sun right at the horizon
"""),
    Time.DUSK: listed("""
a dusky blue light, in the twilight hour, just after sundown, after the sun has set, as night begins to fall, deep
blue twilight, dusk coming in, sun already gone below the horizon
"""),
    Time.NIGHT: listed("""
a night full of stars, starlit darkness, dark skies filled with stars, the milky way at night, in the middle of the
night, a night without any moon, many stars in the dark, a starry midnight
"""),
    Time.MOON: listed("""
a big round moon, the silvery light of the moon, a night lit by moonlight, the moon standing high overhead, the moon
just rising, a bright moon above, night with a very bright moon, a large yellow moon at night
"""),
    Clouds.CLEAR: listed("""
cloud-free blue sky, nothing but blue sky, totally cloudless and blue, a sky with no cloud in it, the sky all clear,
skies free from clouds, blue and empty skies, not even one cloud
"""),
    Clouds.FEW: listed("""
just a couple of little clouds, a single small cloud, only two or three clouds, almost cloudless, very little cloud, a
few lonely cloudlets, mostly clear with one cloud, clouds very small and few
"""),
    Clouds.SCATTERED: listed("""
clouds scattered around the sky, puffs of white cloud, a partly clouded sky, some fluffy cumulus, a sky dotted with
clouds, fair weather with puffy cumulus, part cloud and part blue sky, fluffy white cumuli
"""),
    Clouds.BROKEN: listed("""
cloud covering most of the sky, a mostly clouded sky, large masses of cloud, more clouds than blue sky, clouds almost
everywhere, broken cloud with some blue, thick cloud with few openings, blue sky mostly behind clouds
"""),
    Clouds.OVERCAST: listed("""
the sky grey all over, skies dull and grey, a thick grey cloud layer, sky totally covered in grey, solid cloud
everywhere, blanketed by grey cloud, dull overcast weather, one even layer of cloud
"""),
    Clouds.CIRRUS: listed("""
fine feathers of cloud, high cirrus streaks, streaks of thin white cloud, veiled by thin cirrus, some wispy cirrus,
feather-like clouds up high, a thin veil of high cloud, wispy streaks high above
"""),
    Clouds.STORM: listed("""
a thunderous dark sky, the storm is coming, dark rainclouds, rain and thunder, rainy and stormy weather, darkly
threatening skies, a dark storm rolling in, a black thundercloud
"""),
    Clouds.MACKEREL: listed("""
little clouds in long rows, rippling clouds, a sky rippled with cloud, small round clouds lined up, mackerel clouds,
altocumulus ripples, cloudlets in rows, row after row of small clouds
"""),
    Ground.SEA: listed("""
big rolling waves, wide ocean water, a calm ocean, rippled sea water, a wavy sea, oceanic waters, large waves at sea
"""),
    Ground.DESERT: listed("""
wide sandy dunes, rolling dunes of sand, sahara sands, a dune landscape, nothing but sand, an empty sandy desert,
saharan dunes, wide open desert
"""),
    Ground.GRASS: listed("""
grassy fields, rolling green meadows, a wide prairie, a green meadow, a grassy plain, gently rolling grassy hills,
open grasslands, fields of green grass
"""),
    Ground.SNOW: listed("""
a snow-covered landscape, an icy arctic plain, snowy fields, a wintry landscape, white snow everywhere, polar ice, a
thick blanket of snow, plains of snow and ice
"""),
    Ground.FOREST: listed("""
pine woods, forested hills, many tall pines, a wooded landscape, thick green woods, forests of pine, the middle of the
forest
"""),
    Ground.LAKE: listed("""
a calm lake, the still waters of the lake, lake like a mirror, a peaceful lakeside, the lakeshore, mirroring lake
water, lake with gentle ripples, the shores of a small lake
"""),
}
HELD_OUT_MOUNTAINS = listed("""
a mountainous horizon, snow on the mountaintops, peaks far in the distance, mountains far away, a range of mountains,
the alps on the horizon, snow covered mountains, big mountains all around
""")
# Of any words.
OTHER_WORDS: dict[Time | Clouds | Ground, Sequence[str]] = {
    Time.NOON: listed("""
around lunchtime, sun at its zenith, twelve o'clock sunshine, sun beating straight down, harsh light from directly
above, broad daylight with very short shadows
"""),
    Time.MORNING: listed("""
10 am sunlight, around 3 pm, sun halfway up, mellow forenoon light, sun at medium height, shortly after breakfast
"""),
    Time.GOLDEN: listed("""
honey-coloured sunlight, magic hour, long shadows with amber sunlight, warm slanting sun rays, about an hour before
sunset, sunshine turning everything to gold
"""),
    Time.SUNSET: listed("""
crack of dawn, sun sinking at day's end, sun half sunk behind the skyline, just at sunup, sun's first rays peeking
out, red ball of sun disappearing
"""),
    Time.DUSK: listed("""
getting dark outside, civil twilight, darkness setting in, fading violet afterglow, the last glow before full
darkness, indigo light as darkness approaches
"""),
    Time.NIGHT: listed("""
dead of night, glittering constellations overhead, moonless darkness, pitch dark with twinkling stars, long exposure
astrophotography stars, constellations and shooting stars
"""),
    Time.MOON: listed("""
crescent moon shining, pale lunar light, moonbeams in the darkness, half moon shining brightly, a giant supermoon, a
glowing harvest moon
"""),
    Clouds.CLEAR: listed("""
flawless azure sky, zero clouds, pristine blue from edge to edge, nothing in the sky at all, zero percent cloud cover,
spotless blue above
"""),
    Clouds.FEW: listed("""
barely any clouds, the odd cloud drifting by, the occasional tiny puff, scarcely a cloud about, just a hint of cloud,
ten percent cloud cover
"""),
    Clouds.SCATTERED: listed("""
popcorn clouds, marshmallow-shaped clouds, patchy cloud with sunny spells, cauliflower-shaped clouds drifting by,
roughly half blue half cloud, billowy clouds spaced well apart
"""),
    Clouds.BROKEN: listed("""
only small gaps between the clouds, nearly overcast with gaps of blue, seventy percent cloud cover, mainly cloud with
occasional sunny gaps, sky crowded with bulky clouds, dense clouds with rare blue patches
"""),
    Clouds.OVERCAST: listed("""
leaden sky, drab sky with the sun hidden, stratus from edge to edge, hundred percent cloud, flat diffuse light without
any sun, dreary featureless ceiling of cloud
"""),
    Clouds.CIRRUS: listed("""
mares' tails, hair-like ice clouds, brush stroke clouds, delicate strands of ice cloud, silky threads of cloud, faint
translucent clouds way up
"""),
    Clouds.STORM: listed("""
lightning flashing, towering cumulonimbus, a supercell looming, pouring rain and lightning, angry-looking clouds about
to burst, ominous squall approaching
"""),
    Clouds.MACKEREL: listed("""
fish scale clouds, herringbone cloud pattern, cobblestone-like cloud pattern, clouds arranged in neat bands,
buttermilk sky, washboard clouds
"""),
    Ground.SEA: listed("""
the pacific, choppy saltwater, surf rolling in, atlantic swell, a tropical beach with surf, deep water far offshore
"""),
    Ground.DESERT: listed("""
barren arid wasteland, the gobi, parched cracked land, death valley, dry land with cactus, dusty arabian wilderness
"""),
    Ground.GRASS: listed("""
a freshly mown lawn, lush pasture, the mongolian steppe, a golf course, countryside with wildflowers, cow pastures
"""),
    Ground.SNOW: listed("""
frozen tundra, a huge glacier, frosty white ground, a ski slope, freshly fallen powder, antarctic wasteland
"""),
    Ground.FOREST: listed("""
dense jungle, a redwood grove, fir and spruce, tropical rainforest, taiga with tall spruces, oak and birch groves
"""),
    Ground.LAKE: listed("""
a tranquil pond, a scottish loch, a glassy freshwater reservoir, a duck pond, shoreline of lake como, a pond with lily
pads
"""),
}
OTHER_WORDS_MOUNTAINS = listed("""
himalayas in the background, jagged summits all around, the rockies behind, a craggy ridge line, snow-capped summits,
the andes far off
""")
