"""Make the offline bundle: one archive with every wheel that is needed, and a set-up that asks no index.

``make bundle`` calls it: for this system and Python, or for others with ``--platform windows --python 3.12``. An archive for this system is
then tried: unpacked into an empty folder, set up without an index, and the smallest scenario is planned there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
HOME = Path(__file__).parent
FILES = ("install.py", "install.sh", "install.bat", "README.txt")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
MINORS = range(5, 29)
"""Of the version of the C library on Linux: wheels for older ones run on newer ones."""
SYSTEMS: dict[str, tuple[dict[str, str], list[str]]] = {
    "windows": (
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
        ["win_amd64"],
    ),
    "linux": (
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
        ["manylinux2014_x86_64", *(f"manylinux_2_{minor}_x86_64" for minor in MINORS)],
    ),
    "macos": (
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
        [f"macosx_{version}_0_arm64" for version in range(11, 15)],
    ),
}
"""For each system what markers of requirements are judged by, and the tags of the wheels it takes."""


def this_system() -> str:
    """The name of the system that runs, as ``--platform`` has it; empty where it is none of them."""
    for name, (markers, _) in SYSTEMS.items():
        if (markers["platform_system"], markers["platform_machine"]) == (platform.system(), platform.machine()):
            return name
    return ""


def needed(lock: str, system: str, python: str) -> str:
    """The entries of a lock file that a system and a Python need, hashes included and without markers.

    pip judges markers by the machine that downloads: a bundle for Windows made on Linux would lack what only Windows needs.
    """
    environment = SYSTEMS[system][0] | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    kept = []
    for entry in re.split(r"\n(?=[A-Za-z0-9])", lock.strip()):
        requirement = Requirement(entry.partition("\\")[0].strip())
        if requirement.marker is None or requirement.marker.evaluate(environment):
            kept.append(f"{requirement.name}{requirement.specifier} \\{entry.partition(chr(92))[2]}")
    return "\n".join(kept) + "\n"


def line_of(wheel: Path) -> str:
    """The entry of our own wheel, with its hash, as those of the lock file are written."""
    name, version, *_ = wheel.name.split("-")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name.replace('_', '-')}=={version} \\\n    --hash=sha256:{digest}\n"


def fill(folder: Path, wheel: Path, system: str, python: str) -> None:
    """Put everything into the folder that is to be packed: wheels, what to install, scripts."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    wanted = needed((ROOT / "requirements.lock").read_text(encoding="utf-8"), system, python)
    (folder / "requirements.lock").write_text(wanted, encoding="utf-8", newline="\n")
    tags = [part for tag in SYSTEMS[system][1] for part in ("--platform", tag)]
    target = ["--implementation", "cp", "--python-version", python, "--only-binary", ":all:", *tags]
    command = [*PIP, "download", "--quiet", "--no-deps", "--require-hashes", *target, "--dest", str(wheels)]
    subprocess.run([*command, "-r", str(folder / "requirements.lock")], check=True)
    shutil.copy(wheel, wheels)
    with (folder / "requirements.lock").open("a", encoding="utf-8", newline="\n") as file:
        file.write(line_of(wheel))
    (folder / "bundle.json").write_text(json.dumps({"system": system, "python": python}), encoding="utf-8")
    for name in FILES:
        text = (HOME / name).read_text(encoding="utf-8")
        ends = "\n" if name.endswith((".sh", ".py")) else "\r\n"
        (folder / name).write_text(text, encoding="utf-8", newline=ends)


def pack(folder: Path, archive: Path) -> None:
    """Pack the folder under its own name; wheels are compressed already."""
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, Path(folder.name) / path.relative_to(folder))


def try_out(archive: Path) -> None:
    """Set the archive up in an empty folder where no index can be asked, and plan there."""
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(archive) as file:
        file.extractall(name)
        (home,) = Path(name).iterdir()
        environment = {**os.environ, "PIP_NO_INDEX": "1", "PYTHON": sys.executable}
        environment.pop("PYTHONPATH", None)
        script = ["cmd", "/c", "install.bat", "quiet"] if os.name == "nt" else ["sh", "install.sh"]
        subprocess.run(script, cwd=home, env=environment, check=True)
        command = home / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "allocator"
        for line in ("generate tiny --out first", "plan first/scenario.toml --out first/plan --no-progress"):
            subprocess.run([str(command), *line.split()], cwd=home, env=environment, check=True)


def main() -> None:
    """Make the archive beside the wheel, and try it where that is possible."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser.add_argument("wheel", type=Path, help="our own wheel")
    parser.add_argument("--platform", choices=SYSTEMS, default=this_system() or None, help="the system of the office")
    parser.add_argument("--python", default=here, help="the version of its Python, such as 3.12")
    asked = parser.parse_args()
    if asked.platform is None:
        parser.error(f"say for which system: --platform {', '.join(SYSTEMS)}")
    name = f"{'-'.join(asked.wheel.name.split('-')[:2]).replace('_', '-')}-{asked.platform}-python{asked.python}"
    archive = asked.wheel.parent / f"{name}.zip"
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / name, asked.wheel, asked.platform, asked.python)
        pack(Path(folder) / name, archive)
    if (asked.platform, asked.python) == (this_system(), here):
        try_out(archive)
        print(f"{archive} was unpacked, set up without an index, and planned the smallest scenario.")
    else:
        print(f"{archive} is for another system or Python than this one; it was not tried.")


if __name__ == "__main__":
    main()
