"""A folder of tiny wheels in place of the package index, and locks for it.

The wheel named torch brings a path file that lends the environment the packages of the Python that makes it, so that
what is installed from a few hundred bytes can really make a sky. Standard library only.
"""

import base64
import hashlib
import os
import random
import sys
import zipfile
from pathlib import Path

from engine.setup.builds import builds_here

BUILD = "apple" if sys.platform == "darwin" else "cpu"
INDEX_BUILD = next(name for name, build in builds_here().items() if not build.index)  # is in the index of all else
# Keep the machine's own settings for pip, which may name more places for packages, out of the tests.
PIP_ALONE = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """Write a wheel of *files* into *folder*."""
    about = f"{name}-{version}.dist-info"
    contents = files | {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for file, text in contents.items():
        code = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{file},sha256={code},{len(text.encode())}")
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in contents.items():
            archive.writestr(file, text)
        archive.writestr(f"{about}/RECORD", "\n".join([*lines, f"{about}/RECORD,,", ""]))
    return path


def locked(path: Path) -> str:
    """The line of a lock for the wheel at *path*."""
    name, version = path.name.split("-")[:2]
    return f"{name.replace('_', '-')}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def make_packages(folder: Path, locks: Path, lend: Path, name: str = BUILD, pip: Path | None = None) -> None:
    """Fill *folder* with wheels and overwrite the locks in *locks* by theirs, with the build *name* of torch.

    lend: packages that torch brings. pip: the folder of a pip that the installer brings.
    """
    folder.mkdir()
    build = builds_here()[name]
    ending = f"+{build.flavour}" if build.flavour else ""
    installer = {"lent_pip.pth": f"import sys; sys.path.insert(0, {str(pip)!r})\n"} if pip else {}
    torch = {"lent.pth": f"{lend}\n", "torch_noise.txt": random.Random(1).randbytes(150_000).hex()}
    contents = {
        build.lock: [
            wheel(folder, "tiny_kernels", "1.0", {"tiny_kernels.py": ""}),
            wheel(folder, "torch", f"2.13.0{ending}", torch),
        ],
        "packages": [wheel(folder, "tiny_clouds", "1.0", {"tiny_clouds/__init__.py": "shape = 'cumulus'\n"})],
        "installer": [wheel(folder, "tiny_installer", "1.0", {"tiny_installer.py": ""} | installer)],
        "perceptual": [wheel(folder, "tiny_lpips", "1.0", {"tiny_lpips.py": ""})],
    }
    for name, wheels in contents.items():
        (locks / f"{name}.txt").write_text("".join(map(locked, wheels)), encoding="utf-8")
    (locks / "sizes.json").write_text("{}", encoding="utf-8")
