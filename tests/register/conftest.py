"""A register with the plan of ``tiny`` in it, and a PostgreSQL server where there is one on this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from allocator.answers.runs import load_run
from allocator.engine.run import Run
from allocator.register import Register
from allocator.register.publish import publish

ON = date(2019, 1, 7)


@pytest.fixture(scope="session")
def run(sample: Path) -> Run:
    return load_run(sample / "out" / "tiny")


@pytest.fixture(scope="session")
def _published(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("register") / "register.db"
    with Register.open(path, create=True) as register:
        publish(register, run, by="Planner", on=ON)
    return path


@pytest.fixture
def published(_published: Path, tmp_path: Path) -> Path:
    """A register of its own in which ``tiny`` is published."""
    return Path(shutil.copy(_published, tmp_path / "register.db"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a new server, without its database's name."""
    programs = [
        *(str(path.parent) for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        os.environ.get("PATH", ""),
    ]
    search = os.pathsep.join(programs)
    initdb, server = shutil.which("initdb", path=search), shutil.which("postgres", path=search)
    as_other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    if initdb is None or server is None or (as_other and shutil.which("setpriv") is None):
        pytest.skip("no PostgreSQL on this machine")
    home = (
        Path("/tmp") / f"allocator-postgres-{os.getpid()}"
    )  # Short and open to the user of the server, who may not be this one.
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(home / "data")
    try:
        subprocess.run(
            [*as_other, initdb, "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
        )
        options = ["-p", str(port), "-k", str(home), "-h", "127.0.0.1", "-F"]
        process = subprocess.Popen(
            [*as_other, server, "-D", data, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(port)
            yield f"postgresql://tester@127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(port: int) -> None:
    import time

    import psycopg

    for _ in range(100):
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="tester", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    pytest.fail("the server does not answer")


@pytest.fixture
def database(postgres: str, request: pytest.FixtureRequest) -> str:
    """The URL of a database of this test's own."""
    import psycopg

    name = f"plans_{abs(hash(request.node.nodeid))}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{postgres}/{name}"
