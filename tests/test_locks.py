"""The lock files name everything that is needed, so that pip can install them as they stand, without resolving."""

import itertools
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = [
    {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "platform_system": name,
        "os_name": "nt" if system == "win32" else "posix",
        "platform_machine": "AMD64" if system == "win32" else "x86_64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python, (system, name) in itertools.product(
        ("3.11", "3.12", "3.13"), (("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows"))
    )
]


def locked(lock: str, environment: dict[str, str]) -> dict[str, Version]:
    """Version of each package that pip takes from a lock file in one environment."""
    versions: dict[str, Version] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip("\\ "))
            if requirement.marker is None or requirement.marker.evaluate(environment):
                (only,) = requirement.specifier
                versions[canonicalize_name(requirement.name)] = Version(only.version)
    return versions


def unsatisfied(wanted: list[Requirement], versions: dict[str, Version], environment: dict[str, str]) -> list[str]:
    """Every requirement that follows from ``wanted`` and that ``versions`` does not meet, as sentences."""
    missing: list[str] = []
    seen: set[tuple[str, str]] = set()
    waiting = [("", requirement, "") for requirement in wanted]
    while waiting:
        asker, requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({**environment, "extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        version = versions.get(name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            missing.append(f"{asker or 'the project'} needs {requirement}, the lock has {version}")
            continue
        for more in ("", *requirement.extras):
            if (name, more) in seen:
                continue
            seen.add((name, more))
            try:
                distribution = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                continue  # Needed on other systems only; its own needs are read where it is installed.
            waiting += [(name, Requirement(text), more) for text in distribution.requires or []]
    return missing


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda each: f"{each['sys_platform']}-{each['python_version']}"
)
@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_holds_all_that_its_packages_need(lock: str, environment: dict[str, str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    texts = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    if lock == "requirements-dev.lock":
        texts += [text for group in project["project"]["optional-dependencies"].values() for text in group]
    versions = locked(lock, environment)
    assert unsatisfied([Requirement(text) for text in texts], versions, environment) == []
    for name, version in versions.items():  # The metadata that was read is that of the locked version.
        for distribution in metadata.distributions(name=name):
            assert Version(distribution.version) == version or environment["sys_platform"] != "linux", name
            break


def test_lock_that_lacks_a_package_or_holds_an_old_one_is_noticed() -> None:
    environment = ENVIRONMENTS[0]
    versions = locked("requirements-dev.lock", environment)
    assert unsatisfied([Requirement("pandas")], versions, environment) == []
    assert unsatisfied([Requirement("pandas")], {**versions, "numpy": Version("1.0")}, environment)
    del versions["python-dateutil"]
    assert unsatisfied([Requirement("pandas")], versions, environment)


def test_lock_without_the_package_of_an_extra_is_noticed() -> None:
    """``jsonschema[format]`` needs more than ``jsonschema``: the case that once made a locked set-up fail."""
    environment = ENVIRONMENTS[0]
    versions = locked("requirements-dev.lock", environment)
    assert unsatisfied([Requirement("jsonschema")], versions, environment) == []
    assert unsatisfied([Requirement("jsonschema[format]")], versions, environment)


def test_make_installs_locks_without_resolving() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = re.findall(r"^INSTALL := .*|^\t.*\binstall\b.*$", makefile, flags=re.MULTILINE)
    assert installs
    for line in installs:
        assert "--no-deps" in line or "$(INSTALL)" in line, line


def recipe(makefile: str, target: str) -> str:
    """The lines that make runs for a target."""
    found = re.search(rf"^{target}:.*\n((?:\t.+\n)+)", makefile, flags=re.MULTILINE)
    assert found is not None
    return found[1]


def test_hooks_before_a_commit_run_what_make_lint_runs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    commands = [
        line.strip().removeprefix("$(BIN)/")
        for target in ("style", "lint")  # lint is style and what comes after it
        for line in recipe(makefile, target).splitlines()
    ]
    assert re.findall(r"entry: \.venv/bin/(.+)", hooks) == commands
