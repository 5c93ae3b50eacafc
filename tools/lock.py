"""Resolve what an artist's engine consists of: pyproject.toml's groups become the locks in engine/setup/locks.

    make lock        # needs the package index

Each lock is a requirements file for pip and uv, every file of it with its hash, for every platform and every Python
(3.11 until Blender 5.0, 3.13 since) that Blender has:

    installer.txt    what installs the rest
    packages.txt     the engine without PyTorch
    torch.txt        PyTorch as the package index has it (CUDA on Linux, Apple on macOS, processor on Windows)
    torch-*.txt      the builds that only PyTorch's own index has; kept as they are where that cannot be reached
    perceptual.txt   LPIPS and its weights, and spandrel, installed without their own dependencies
    sizes.json       bytes to download of each lock, by platform

Standard library only; uv runs in an environment of its own.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from engine.setup.builds import PYTORCH_INDEX  # noqa: E402
from tools.environments import make, requirements  # noqa: E402

LOCKS = ROOT / "engine" / "setup" / "locks"
PYTHON = "3.11"  # and all that come after it
# Platforms by the name that engine.setup.builds gives them, and what the file names of wheels for them contain.
PLATFORMS = {
    "linux-x86_64": ("manylinux", "x86_64"),
    "linux-aarch64": ("manylinux", "aarch64"),
    "win32-amd64": ("win", "amd64"),
    "darwin-arm64": ("macosx", "arm64"),
}
OF_TORCH = re.compile(r"torch|triton|(nvidia|cuda)-.*")  # what comes with the index' build of PyTorch and nothing else
FLAVOURS = ("cpu", "cu130")  # what comes from PyTorch's own index, by the ending of its versions
ROCM = "rocm7.2"  # from there too, but of another version
MADE = "# Made by `make lock` from pyproject.toml. Do not edit.\n"


def resolve(uv: list[str], wanted: list[str], *options: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The lock of the requirements *wanted*, as text by package name, and as what is known of the packages' files."""
    call = [*uv, "pip", "compile", "-", "--universal", "--python-version", PYTHON, "--quiet", *options]
    asked = "\n".join(wanted)
    environment = os.environ | {"UV_NO_FIND_LINKS": "1", "UV_NO_CONFIG": "1"}

    def run(*form: str) -> str:
        done = subprocess.run(
            [*call, *form], input=asked, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd=folder
        )
        return done.stdout

    with tempfile.TemporaryDirectory() as folder:
        text = run("--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate")
        files = tomllib.loads(run("--format", "pylock.toml"))["packages"]
    entries: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", text.strip()):
        name = entry.split("==")[0]  # twice, if the version depends on Python's
        entries[name] = f"{entries[name]}\n{entry}" if name in entries else entry
    return entries, files


def lock_flavour(uv: list[str], flavour: str, wanted: list[str], index: str = PYTORCH_INDEX) -> None:
    """Write the lock of *wanted*, the builds *flavour* of PyTorch. Exits if an index out of reach leaves an older one
    behind."""
    path = LOCKS / f"torch-{flavour}.txt"
    try:
        entries, _ = resolve(uv, wanted, "--no-deps", "--index-url", f"{index}/{flavour}")
    except subprocess.CalledProcessError:
        if any(line not in path.read_text(encoding="utf-8") for line in wanted):
            sys.exit(f"{path.name} is of another version, and PyTorch's own index cannot be reached to renew it.")
        print(f"{path.name} is kept: PyTorch's own index cannot be reached.")
        return
    path.write_text(MADE + "\n".join(entries.values()) + "\n", encoding="utf-8")


def size(packages: list[dict[str, Any]], names: set[str], platform: str) -> int:
    """Bytes to download of the packages *names* on *platform*."""
    return sum(_size(package, PLATFORMS[platform]) for package in packages if package["name"] in names)


def _size(package: dict[str, Any], platform: tuple[str, str]) -> int:
    wheels = {wheel["url"].rpartition("/")[2]: wheel["size"] for wheel in package.get("wheels", [])}
    fitting = [
        bytes
        for name, bytes in wheels.items()
        if name.endswith("-none-any.whl") or all(part in name.rpartition("-")[2] for part in platform)
    ]
    if fitting:
        return max(fitting)
    return 0 if wheels else package["sdist"]["size"]  # wheels, but none for this platform: it does not get the package


def main() -> int:
    uv = [str(make("lock")), "-m", "uv"]
    engine, engine_files = resolve(uv, requirements(("engine",)))
    torch = {name for name in engine if OF_TORCH.fullmatch(name)}
    locks = {
        "packages": ({name: engine[name] for name in engine if name not in torch}, engine_files),
        "torch": ({name: engine[name] for name in torch}, engine_files),
        "installer": resolve(uv, requirements(("installer",))),
        "perceptual": resolve(uv, requirements(("perceptual", "upscaling")), "--no-deps"),
    }
    LOCKS.mkdir(exist_ok=True)
    sizes: dict[str, dict[str, int]] = {platform: {} for platform in PLATFORMS}
    for name, (entries, files) in locks.items():
        text = "\n".join(entries[package] for package in sorted(entries))
        (LOCKS / f"{name}.txt").write_text(f"{MADE}{text}\n", encoding="utf-8")
        for platform in PLATFORMS:
            sizes[platform][name] = size(files, set(entries), platform)
    versions = {package["name"]: package["version"] for package in engine_files}
    for flavour in FLAVOURS:
        lock_flavour(uv, flavour, [f"torch=={versions['torch']}+{flavour}"])
    lock_flavour(uv, ROCM, requirements(("rocm",)))
    (LOCKS / "sizes.json").write_text(json.dumps(sizes, indent=2) + "\n", encoding="utf-8")
    for platform, bytes in sizes.items():
        print(f"{platform:16}" + "".join(f"{name} {count / 1e6:7.0f} MB   " for name, count in bytes.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
