"""The gallery as its user meets it: opened from disk in a real browser, looked at, marked, exported."""

import json
import time
from pathlib import Path

import pytest
import torch
from browser import Browser

from engine.batch.gallery import PAGE, Gallery
from engine.batch.shots import read_shots
from engine.job import Job
from engine.job_parts import Region
from engine.light.found import FoundLight
from engine.output.pictures import write_exr, write_png

OUT = Path(__file__).resolve().parents[2] / "out" / "web"
MANY = 1000
REGIONS = (Region(prompt='a "storm"', azimuth=270, highest=30.5),)
PROMPTS = ("golden hour over a calm sea", 'a "storm" \\ <b>hail</b> {wind}', "blue hour, 50% cloud #2")


def make_sky(exr: Path, job: Job) -> None:
    """A sky of 512 x 256 that is brightest, and reddest, in its middle."""
    across = torch.linspace(0, 1, 512).expand(256, 512)
    down = torch.linspace(0, 1, 256)[:, None].expand(256, 512)
    glow = 3 * torch.exp(-((across - 0.5) ** 2 + (down - 0.4) ** 2) * 30)
    radiance = torch.stack([0.2 + glow, 0.3 + 0.4 * glow, 0.9 - 0.8 * down])
    exr.parent.mkdir(parents=True, exist_ok=True)
    write_png(exr.with_suffix(".png"), radiance, job.to_dict())
    write_exr(exr, radiance, job.to_dict(), job.to_dict(), FoundLight(kind="none", white_card=1.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six skies in a folder, and their gallery."""
    folder = tmp_path_factory.mktemp("skies #1")
    gallery, names = Gallery(folder), []
    for seed in range(6):
        job = Job(prompt=PROMPTS[seed % 3], seed=5 - seed, width=512, guidance=3.5, regions=REGIONS)
        names.append(f"{seed % 2}/50% {{{seed}}} #é.exr")
        make_sky(folder / names[-1], job)
        gallery.add(folder / names[-1])
    gallery.write(names)
    return folder


@pytest.fixture
def opened(page: Browser, folder: Path) -> Browser:
    page.open((folder / "gallery.html").as_uri())
    page.run("localStorage.clear()")
    page.open((folder / "gallery.html").as_uri())
    assert not page.log()
    return page


def seeds(page: Browser) -> list[str]:
    return page.run("""return [...document.querySelectorAll("figure:not([hidden]) .seed")].map((e) => e.textContent)""")


def enter(page: Browser, name: str, value: str) -> None:
    event = "change" if name == "sort" else "input"
    page.run(
        "const e = byId(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event(arguments[2]))",
        name,
        value,
        event,
    )


def test_shows_filters_and_sorts(opened):
    opened.wait("[...document.images].every((image) => image.complete && image.naturalWidth === 320)")
    assert seeds(opened) == ["5", "4", "3", "2", "1", "0"]
    opened.screenshot(OUT / "gallery.png")
    enter(opened, "sort", "seed")
    assert seeds(opened) == ["0", "1", "2", "3", "4", "5"]
    enter(opened, "sort", "prompt")
    assert seeds(opened) == ["4", "1", "3", "0", "5", "2"]
    enter(opened, "filter", "STORM 4")
    assert seeds(opened) == ["4"]
    assert opened.run("return document.getElementById('count').textContent") == "1 of 6"
    assert opened.run("return document.querySelector('figure:not([hidden]) .prompt').textContent") == PROMPTS[1]
    assert not opened.log()


def test_a_click_opens_a_viewer_that_turns(opened):
    opened.click("figure:nth-child(3) .open")
    opened.wait("panorama && panorama.isLoaded()")
    assert opened.run("return document.getElementById('title').textContent") == PROMPTS[2]
    settings = opened.run("return document.getElementById('settings').innerText")
    assert "guidance\t3.5" in settings and "negative" not in settings
    file = opened.run("return decodeURIComponent(document.getElementById('file').href)")
    assert file.endswith("/0/50% {2} #é.exr")
    before = opened.run("return panorama.getYaw()")
    opened.screenshot(OUT / "viewer.png")
    opened.drag((600, 400), (300, 400))
    assert 10 < opened.run("return panorama.getYaw()") - before < 90
    opened.click("#next")
    opened.wait("panorama && panorama.isLoaded() && shown.sky.job.seed === 2")
    opened.click("#close")
    assert opened.run("return document.getElementById('viewer').open") is False
    assert not opened.log()


def test_a_sky_whose_pictures_are_gone(opened, folder):
    script = folder / "gallery" / "pictures" / "0" / "50% {0} #é.js"
    kept = script.rename(script.with_suffix(".kept"))
    opened.click("figure:nth-child(1) .open")
    opened.wait("document.getElementById('panorama').textContent.includes('missing')")
    kept.rename(script)
    opened.click("#close")
    assert len(opened.log()) == 1


def test_favourites_are_kept_and_exported_as_a_shot_list(opened, folder, downloads, tmp_path):
    assert opened.run("return document.getElementById('export').disabled")
    opened.click("figure:nth-child(2) .star")
    opened.click("figure:nth-child(6) .open")
    opened.click("#favourite")
    opened.click("#close")
    opened.open((folder / "gallery.html").as_uri())
    opened.click("#only-favourites")
    assert seeds(opened) == ["4", "0"]
    opened.click("#export")
    exported = downloads / "favourites.toml"
    deadline = time.monotonic() + 20
    while not exported.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    first, second = read_shots(exported, tmp_path)
    assert first.job == Job(prompt=PROMPTS[1], seed=4, width=512, guidance=3.5, regions=REGIONS)
    assert second.job == Job(prompt=PROMPTS[2], seed=0, width=512, guidance=3.5, regions=REGIONS)
    assert first.exr == tmp_path / "1" / "50% {1} #é.exr"
    opened.click("figure:not([hidden]) .star")
    assert seeds(opened) == ["0"]


def test_a_thousand_skies(page, tmp_path):
    """Only those near the window are loaded; the rest is there, found and sorted."""
    make_sky(tmp_path / "sky.exr", Job(prompt="a", seed=0))
    gallery = Gallery(tmp_path)
    gallery.add(tmp_path / "sky.exr")
    gallery.write(["sky.exr"])
    pictures = tmp_path / "gallery" / "pictures"
    panorama = (pictures / "sky.js").read_text(encoding="utf-8")
    skies = []
    for seed in range(MANY):
        (pictures / f"{seed}.jpg").hardlink_to(pictures / "sky.jpg")
        (pictures / f"{seed}.js").write_text(panorama.replace("sky.exr", f"{seed}.exr"), encoding="utf-8")
        skies.append({"exr": f"{seed}.exr", "job": Job(prompt=PROMPTS[seed % 3], seed=seed).to_dict()})
    (tmp_path / "gallery" / "skies.js").write_text(f"const SKIES = {json.dumps(skies)};", encoding="utf-8")
    page.open((tmp_path / "gallery.html").as_uri())
    page.wait("document.images[0].complete")
    assert page.run("return document.images.length") == MANY
    loaded = page.run("return [...document.images].filter((image) => image.naturalWidth).length")
    assert 0 < loaded < MANY / 2
    script = """
        const pauses = [], times = [];
        new PerformanceObserver((list) => pauses.push(...list.getEntries().map((e) => e.duration)))
            .observe({type: "longtask", buffered: true});
        const frame = () => new Promise((done) => requestAnimationFrame(done));
        const timed = async (act) => {
            const start = performance.now();
            act();
            await frame();
            times.push(performance.now() - start);
        };
        return (async () => {
            await timed(() => { byId("filter").value = "storm"; filter(); });
            await timed(() => { byId("sort").value = "prompt"; arrange(); });
            await timed(() => { byId("filter").value = ""; filter(); });
            await timed(() => scrollTo(0, 20000));
            await frame(); await frame();
            return [pauses, times];
        })()"""
    pauses, times = page.run(script)
    print(f"1000 skies: long tasks (also while loading) {pauses} ms; filter, sort, all, scroll {times} ms")
    assert page.run("return visible().length") == MANY
    page.run("document.getElementById('filter').value = 'storm 999'; filter()")
    assert page.run("return visible().length") == 0
    page.run("document.getElementById('filter').value = 'storm 997'; filter()")
    assert seeds(page) == ["997"]
    page.wait("document.querySelector('figure:not([hidden]) img').naturalWidth")
    page.run("document.getElementById('filter').value = ''; filter()")
    drag_among_many(page)


def drag_among_many(page: Browser) -> None:
    """Turn in the viewer and go on to the next sky, and print what the page's frames and tasks took meanwhile."""
    page.click("figure:nth-child(2) .open")
    page.wait("panorama && panorama.isLoaded()")
    page.run("""
        window.gaps = [];
        let last = performance.now();
        const tick = (now) => { gaps.push(now - last); last = now; requestAnimationFrame(tick); };
        requestAnimationFrame(tick);
        window.tasks = [];
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration)))
            .observe({type: "longtask"});
    """)
    before = page.run("return panorama.getYaw()")
    page.drag((600, 400), (300, 400))
    assert page.run("return panorama.getYaw()") != before
    report_frames(page, "drag")
    page.click("#next")
    page.wait("panorama && panorama.isLoaded()")
    report_frames(page, "next")
    page.click("#close")


def report_frames(page: Browser, what: str) -> None:
    gaps, tasks = page.run("return [gaps.splice(0), tasks.splice(0)]")
    print(f"{what} among {MANY}: {len(gaps)} frames, the longest {max(gaps):.0f} ms; long tasks {tasks} ms")


def test_the_page_asks_nothing_of_the_network():
    ours = [PAGE / name for name in ("gallery.html", "gallery.css", "gallery.js")]
    assert not [file.name for file in ours if "//" in file.read_text().replace("// ", "")]
