"""Which build of PyTorch a machine should get: for its NVIDIA, AMD or Apple graphics, or for its processor."""

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

# PyTorch's own package index, as its installation page names it, for the builds that no other index has.
PYTORCH_INDEX = "https://download.pytorch.org/whl"
CUDA_DRIVER = 580  # the oldest NVIDIA driver that runs CUDA 13


@dataclass(frozen=True)
class Build:
    """One build of PyTorch.

    about: whom it is for. flavour: how its version ends in PyTorch's own index, such as ``cpu`` for ``2.13.0+cpu``;
    empty for the build in the index that has everything else too. download: its size in bytes, if the locks do not say.
    """

    name: str
    label: str
    about: str
    flavour: str = ""
    download: int = 0

    @property
    def index(self) -> str | None:
        """The package index that has it, None for the one that has everything else too."""
        return f"{PYTORCH_INDEX}/{self.flavour}" if self.flavour else None

    @property
    def lock(self) -> str:
        """The name of its lock: a version with another ending has other files, and so other checksums."""
        return f"torch-{self.flavour}" if self.flavour else "torch"


def platform_name() -> str:
    """The platform as the locks' sizes name it."""
    machine = platform.machine().lower()
    return f"{sys.platform}-{machine}"


def builds_here() -> dict[str, Build]:
    """The builds that exist for this platform, by name."""
    apple = Build("apple", "Apple graphics (Metal)", "For Macs with a chip of Apple's")
    processor = Build("cpu", "Processor only", "For any computer; the slowest", "cpu", 192_000_000)
    about = f"For NVIDIA cards with a driver from {CUDA_DRIVER} on; computes on the processor as well"
    nvidia = Build("cuda", "NVIDIA graphics (CUDA)", about)
    match sys.platform:
        case "darwin":
            builds = [apple]
        case "win32":
            builds = [replace(processor, flavour="", download=0)]
            builds += [replace(nvidia, flavour="cu130", download=2_000_000_000)]
        case _:
            rocm = Build("rocm", "AMD graphics (ROCm)", "For AMD cards under Linux", "rocm7.2", 6_500_000_000)
            builds = [processor, nvidia, *([rocm] if platform.machine() == "x86_64" else [])]
    return {build.name: build for build in builds}


def suggested_build() -> tuple[Build, str]:
    """The build that suits this machine, and why."""
    builds = builds_here()
    if "apple" in builds:
        return builds["apple"], "This is a Mac"
    if found := _nvidia():
        name, driver = found
        if driver >= CUDA_DRIVER:
            return builds["cuda"], f"Found {name}"
        return builds["cpu"], f"Found {name}, but its driver {driver} is too old: update it to {CUDA_DRIVER} or later"
    if "rocm" in builds and Path("/dev/kfd").exists():  # the kernel's door to AMD's compute units
        return builds["rocm"], "Found AMD graphics"
    return builds["cpu"], "Found no graphics card that PyTorch can use"


def _nvidia() -> tuple[str, int] | None:
    """Name and driver version of the first NVIDIA card, as the driver's own tool tells them."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    command = [tool, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=3,  # the preferences wait for it, once
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    name, comma, driver = done.stdout.strip().partition("\n")[0].rpartition(",")
    major = driver.strip().partition(".")[0]
    return (name.strip(), int(major)) if comma and major.isdigit() else None
