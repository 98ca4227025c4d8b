"""Set the program up from the wheels beside this file, asking no index. Started by install.bat or install.sh."""

import json
import platform
import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parent
SYSTEMS = {"Windows": "windows", "Linux": "linux", "Darwin": "macos"}


def say(chinese: str, english: str) -> None:
    """One thing in both languages."""
    print(chinese, english, sep="\n", flush=True)


def main() -> int:
    """Make ``.venv`` here and install into it; 0 when the program answers."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    made_for = json.loads((HOME / "bundle.json").read_text(encoding="utf-8"))
    system = SYSTEMS.get(platform.system(), platform.system())
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if (system, python) != (made_for["system"], made_for["python"]):
        say(
            f"本离线包适用于 {made_for['system']}、Python {made_for['python']}，这里是 {system}、Python {python}。",
            f"This bundle is for {made_for['system']} and Python {made_for['python']}; here is {system} and Python {python}.",
        )
        return 1
    say("正在安装，需要几分钟……", "Setting up, which takes a few minutes ...")
    folder = HOME / ".venv"
    try:
        venv.create(folder, with_pip=True, clear=True)
    except (subprocess.CalledProcessError, OSError) as error:
        say(
            f"无法在 {folder} 建立 Python 环境：{error}。Debian、Ubuntu 需要系统软件包 python3-venv。",
            f"No environment could be made in {folder}: {error}. Debian and Ubuntu need their package python3-venv.",
        )
        return 1
    programs = folder / ("Scripts" if system == "windows" else "bin")
    install = "-m pip --isolated --disable-pip-version-check install --quiet --no-index --no-deps --require-hashes"
    command = [str(programs / "python"), *install.split(), "--find-links", str(HOME / "wheels")]
    done = subprocess.run([*command, "-r", str(HOME / "requirements.lock")], check=False)
    if done.returncode or subprocess.run([str(programs / "allocator"), "--version"], check=False).returncode:
        say("安装没有完成，原因见上面几行。", "The set-up did not succeed; the lines above say why.")
        return 1
    start = programs / "allocator"
    say("安装完成。先试编一个最小的计划：", "Done. For a first plan:")
    print(f'  "{start}" generate tiny --out first\n  "{start}" plan first/scenario.toml --out first/plan')
    return 0


if __name__ == "__main__":
    sys.exit(main())
