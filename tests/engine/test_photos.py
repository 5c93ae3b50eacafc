"""Photos on the sphere: kept as they are, and followed by the sky around them."""

import math

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational
from skies import pixels, smooth_photo

from engine.errors import BadRequest
from engine.job import Job
from engine.job_parts import Photo
from engine.light.transfer import linear_to_srgb, tonemap, untonemap
from engine.pipeline import generate
from engine.sphere.equirectangular import azimuth_elevation, directions, solid_angles
from engine.sphere.gnomonic import View, render
from engine.sphere.resampling import reader
from engine.start.continuation import foretold
from engine.start.lens import lens_of
from engine.start.photos import place, project


@pytest.mark.parametrize("roll", [0, 20])
@pytest.mark.parametrize(("azimuth", "elevation"), [(90, 0), (270, 25), (10, -40)])
def test_photo_returns_through_projection_and_back(make, tmp_path, azimuth, elevation, roll):
    """Within 2/255, also across the seam (azimuth 270)."""
    file = smooth_photo(tmp_path / "photo.png", 24, 16)
    photo = {"file": str(file), "azimuth": azimuth, "elevation": elevation, "roll": roll, "field_of_view": 70}
    result, _ = make("sky", photos=[photo], feather=0, sun="off")
    placed = place(Photo(**photo))
    seen, there = project(placed, 64, 0)
    inside = (there[0] == 1).numpy()
    assert inside.sum() > 150
    kept = linear_to_srgb(torch.from_numpy(pixels(result.exr)).permute(2, 0, 1).clamp(0, 1))
    assert (kept - linear_to_srgb(seen)).abs()[:, inside].max() < 2 / 255
    # Where does the photo's own pixel say that it is? Look the picture up there.
    vectors = directions(64)
    u, v, _ = placed.plane(vectors)
    column, row = ((u + 1) / 2 * 24 - 0.5)[inside], ((v + 1) / 2 * 16 - 0.5)[inside]
    y, x = row.round().long().clamp(0, 15), column.round().long().clamp(0, 23)
    near = linear_to_srgb(placed.radiance[:, y, x])
    assert (kept[:, inside] - near).abs().mean() < 0.03


@pytest.mark.parametrize("roll", [0, 90])
@pytest.mark.parametrize(("azimuth", "elevation"), [(90, 0), (270, 25), (10, -40)])
def test_a_view_of_the_sky_is_the_photo_again(tmp_path, azimuth, elevation, roll):
    """Within 2/255, seen by the views of the poles, which know nothing of photos; a turned camera shows it turned."""
    across = torch.linspace(40, 215, 48).expand(48, 48)
    shown = torch.stack([across, across.T, 255 - (across + across.T) / 2]).round()
    file = tmp_path / "photo.png"
    Image.fromarray(shown.permute(1, 2, 0).byte().numpy()).save(file)
    placed = place(Photo(file=str(file), azimuth=azimuth, elevation=elevation, roll=roll, field_of_view=60))
    panorama, _ = project(placed, 1024, 0)
    seen = linear_to_srgb(render(reader(panorama), 1024, View(azimuth, elevation, 60, 48))) * 255
    expected = torch.rot90(shown, -roll // 90, (1, 2))
    assert (seen - expected)[:, 2:-2, 2:-2].abs().max() < 2


@pytest.mark.parametrize("feather", [0, 8])
def test_of_photos_that_overlap_the_later_one_is_seen(make, tmp_path, feather):
    """All across the seam: what one alone covers is its own, what both cover is the later's, with a soft edge over the
    earlier and with holes through which that is seen; nothing is lost."""
    colours = torch.tensor([[200, 80, 60], [70, 150, 90]])
    placed = []
    for name, colour, azimuth in zip("ab", colours, (255, 290), strict=True):
        photo = np.full((60, 90, 4), (*colour.tolist(), 255), np.uint8)
        if name == "b":
            photo[22:38, 12:24, 3] = 0  # within the overlap
        Image.fromarray(photo).save(tmp_path / f"{name}.png")
        placed.append({"file": str(tmp_path / f"{name}.png"), "azimuth": azimuth, "field_of_view": 70})
    result, _ = make("both", photos=placed, feather=feather, sun="off", width=256)
    shown = linear_to_srgb(torch.from_numpy(pixels(result.exr)).permute(2, 0, 1).clamp(0, 1))
    (first, second) = (project(place(Photo(**photo)), 128, feather)[1][0] for photo in placed)
    bare = [project(place(Photo(**photo)), 128, 0)[1][0] for photo in placed]

    def assert_shows(where: torch.Tensor, colour: torch.Tensor) -> None:
        assert where.sum() > 20
        assert (shown[:, where] - colour[:, None] / 255).abs().max() < 2 / 255

    assert_shows((first == 1) & (bare[1] == 0), colours[0])
    assert_shows((second == 1) & (bare[0] == 0), colours[1])
    assert_shows((first == 1) & (second == 1), colours[1])
    u, v, ahead = place(Photo(**placed[1])).plane(directions(128))
    hole = ahead & (u > 14 / 45 - 1) & (u < 22 / 45 - 1) & (v > 24 / 30 - 1) & (v < 36 / 30 - 1)
    assert_shows(hole, colours[0])
    if feather:
        edge = (first == 1) & (second > 0) & (second < 1)
        low, high = colours.amin(0)[:, None] / 255 - 2 / 255, colours.amax(0)[:, None] / 255 + 2 / 255
        assert edge.any() and ((shown[:, edge] > low) & (shown[:, edge] < high)).all()


def test_the_sky_follows_its_photo(tmp_path):
    """A photo of a dim, warm afternoon in a noon: shown as it was, and the sky beside it is nearer to it than to what
    the model would paint there, while the far side keeps its own."""
    flat = np.full((32, 48, 3), (120, 90, 70), np.uint8)
    Image.fromarray(flat).save(tmp_path / "photo.png")
    photo = Photo(file=str(tmp_path / "photo.png"), azimuth=270, elevation=30, field_of_view=60)
    quick = {"width": 512, "steps": 4, "sampler": "multidiffusion", "sun": "off", "poles": False, "seed": 1}
    skies = []
    for photos in ((), (photo,)):
        job = Job(prompt="noon, clear sky over the sea", photos=photos, **quick)
        *_, result = generate(job, tmp_path / f"{len(photos)}.exr")
        skies.append(torch.from_numpy(pixels(result.exr)).permute(2, 0, 1))
    placed = place(photo, untonemap)
    _, there = project(placed, 256, 3)
    shown = torch.tensor((120, 90, 70)) / 255
    assert (tonemap(skies[1]) - shown[:, None, None]).abs()[:, there[0] == 1].max() < 2 / 255
    azimuth = (torch.arange(512) + 0.5) / 512 * 360 - 90
    aside = ((azimuth - 270 + 180) % 360 - 180).abs()
    alone, beside = (tonemap(sky)[:, 70:100][:, :, (aside > 37) & (aside < 47)].mean((1, 2)) for sky in skies)
    assert (beside - shown).abs().mean() < 0.5 * (alone - shown).abs().mean()
    alone, far = (tonemap(sky)[:, 70:100][:, :, aside > 150].mean((1, 2)) for sky in skies)
    assert (far - alone).abs().mean() < (far - shown).abs().mean()


def test_what_a_display_shows_is_read_back():
    shown = torch.linspace(0, 1, 256).expand(3, -1)
    assert (tonemap(untonemap(shown)) - shown).abs().max() < 0.001
    assert 5 < untonemap(torch.ones(1)) < 20


def test_departures_are_foretold_nearby_and_around_the_seam():
    departure, there = torch.zeros(2, 16, 32), torch.zeros(1, 16, 32)
    departure[0, 6:10, 10:16], departure[1, 6:10, 10:16], there[:, 6:10, 10:16] = 2.0, -1.0, 1
    told = foretold(departure, there)
    assert told[0, 8, 16] == pytest.approx(2, abs=0.5) and told[1, 8, 16] == pytest.approx(-1, abs=0.25)
    assert told[0, 8, 29].abs() < 0.3
    torch.testing.assert_close(foretold(departure.roll(20, 2), there.roll(20, 2)), told.roll(20, 2), atol=1e-4, rtol=0)
    fine = foretold(*(each.repeat_interleave(2, 1).repeat_interleave(2, 2) for each in (departure, there)))
    assert fine.shape == (2, 32, 64) and fine[0, 16, 32] == pytest.approx(told[0, 8, 16].item(), abs=0.2)


def test_loose_photo_may_change(make, tmp_path):
    photo = {"file": str(smooth_photo(tmp_path / "photo.png")), "field_of_view": 60}
    exact, loose = (make(f"p{s}", photos=[photo | {"strength": s}])[0].exr for s in (0, 0.6))
    middle = np.s_[28:36, 60:68]
    assert np.abs(pixels(exact)[middle] - pixels(loose)[middle]).max() > 0.02


def test_nearest_photo_is_the_anchor(make, tmp_path):
    photos = [{"file": str(smooth_photo(tmp_path / "p.png")), "azimuth": a, "field_of_view": 50} for a in (0, 180)]
    made = [
        make(anchor, photos=photos, sampler="sync", sync_steps=1, sync_anchor=anchor)[0].exr
        for anchor in ("nearest", "middle")
    ]
    assert not np.array_equal(*map(pixels, made))


def test_exif_tells_the_lens():
    picture = Image.new("RGB", (360, 240))
    exif = picture.getexif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 18
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSImgDirection] = 123.5
    lens = lens_of(picture)
    assert lens.field_of_view == pytest.approx(90, abs=0.01) and lens.heading == 123.5 and lens.pitch is None
    exif[ExifTags.Base.Orientation] = 6
    assert lens_of(picture).field_of_view == pytest.approx(67.4, abs=0.1)


# A camera of 18 mm on a sensor of 36 mm sees 90 degrees across; what it notes is for the picture as it was taken.
LENS_NOTES = {
    "as of film": {ExifTags.Base.FocalLengthIn35mmFilm: 18},
    "by inch": {
        ExifTags.Base.FocalLength: IFDRational(18),
        ExifTags.Base.FocalPlaneXResolution: IFDRational(360 * 254, 360),
        ExifTags.Base.FocalPlaneResolutionUnit: 2,
        ExifTags.Base.ExifImageWidth: 360,
    },
    "by inch, unsaid": {
        ExifTags.Base.FocalLength: IFDRational(18),
        ExifTags.Base.FocalPlaneXResolution: IFDRational(360 * 254, 360),
        ExifTags.Base.ExifImageWidth: 360,
    },
    "by centimetre, and shrunk": {
        ExifTags.Base.FocalLength: IFDRational(18),
        ExifTags.Base.FocalPlaneXResolution: IFDRational(1000),
        ExifTags.Base.FocalPlaneResolutionUnit: 3,
        ExifTags.Base.ExifImageWidth: 3600,
    },
}


@pytest.mark.parametrize("notes", LENS_NOTES)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("heading", "pitch"), [(90, 0), (265, 25), (10.5, -40)])
def test_a_photo_lies_where_its_camera_looked(tmp_path, notes, turned, heading, pitch):
    """A mark right of and above a photo's middle is seen in the direction that trigonometry says, by what the file
    notes alone; also if it says that the camera was held upright, and across the seam."""
    right, above = 60, 45  # of a focal length of 180 pixels
    shown = Image.new("RGB", (240, 360) if turned else (360, 240))
    x, y = shown.width // 2 + right, shown.height // 2 - above
    shown.paste((255, 255, 255), (x - 4, y - 4, x + 4, y + 4))
    exif = Image.Exif()
    if turned:
        exif[ExifTags.Base.Orientation] = 6  # to be shown, turn it clockwise
    exif.get_ifd(ExifTags.IFD.Exif).update(LENS_NOTES[notes] | {0x9405: IFDRational(pitch * 10, 10)})
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSImgDirection] = IFDRational(round(heading * 10), 10)
    taken = shown.transpose(Image.Transpose.ROTATE_90) if turned else shown
    taken.save(tmp_path / "photo.jpg", quality=95, exif=exif)

    placed = place(Photo(file=str(tmp_path / "photo.jpg")))
    seen, there = project(placed, 512, 0)
    mark = seen.mean(0) * there[0] * solid_angles(512)
    found = azimuth_elevation((directions(512) * mark).sum((1, 2)))
    rise = math.radians(pitch)
    forward, up = (180 * math.cos(rise) - above * math.sin(rise), 180 * math.sin(rise) + above * math.cos(rise))
    azimuth = (heading + math.degrees(math.atan2(right, forward))) % 360
    elevation = math.degrees(math.atan2(up, math.hypot(right, forward)))
    assert found == pytest.approx((azimuth, elevation), abs=0.5)
    width = 2 * math.degrees(math.atan(shown.width / 2 / 180))
    assert placed.field_of_view == pytest.approx(width, abs=0.2)


def test_what_is_said_of_a_photo_counts_more_than_what_it_notes(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update(LENS_NOTES["as of film"] | {0x9405: IFDRational(20)})
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSImgDirection] = IFDRational(200)
    Image.new("RGB", (360, 240)).save(tmp_path / "photo.jpg", exif=exif)
    placed = place(Photo(file=str(tmp_path / "photo.jpg"), azimuth=30, elevation=0, field_of_view=50))
    assert (placed.azimuth, placed.elevation, placed.field_of_view) == (30, 0, 50)


def test_photo_that_shows_nothing_is_refused(tmp_path):
    Image.new("RGBA", (48, 32)).save(tmp_path / "p.png")
    with pytest.raises(BadRequest, match="transparent all over"):
        place(Photo(file=str(tmp_path / "p.png"), field_of_view=60))


def test_photo_without_a_lens_is_refused(tmp_path):
    with pytest.raises(BadRequest, match="field_of_view"):
        place(Photo(file=str(smooth_photo(tmp_path / "p.png"))))
