"""Points planned on the machines of a Dask cluster; only this module knows Dask, and only when a cluster is asked for."""

from __future__ import annotations

import atexit
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING

from allocator.answers.sweep.point import CRASH, Record, Task, failed
from allocator.answers.sweep.scenario_bundle import unpacked
from allocator.answers.sweep.worker import Worker
from allocator.domain.errors import UsageError
from allocator.language.message import Message
from allocator.outputs.run_record import versions

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 0.5
"""Seconds between two looks at whether to stop and whether the cluster is still there."""

CONNECT = 10
"""Seconds until a cluster that does not answer counts as away."""

PORT = 8786
"""Where a scheduler listens if nothing else is said."""

LIBRARIES = ("allocator", "ortools", "numpy", "pandas")
"""What must be the same here and there, or the plans might differ."""

Asked = Callable[[Task], str]


class ClusterError(UsageError):
    """The cluster cannot be reached, or cannot do this work."""


# ------------------------------------------------------------------ on the cluster

_lock = threading.Lock()
_kept: dict[str, Worker] = {}
_files = ExitStack()
atexit.register(_files.close)


def remote_answer(content: bytes, task: str) -> str:
    """Plan one task on a machine of the cluster; one at a time in each process, whatever its number of threads."""
    key = sha256(content).hexdigest()
    with _lock:
        if key not in _kept:
            _kept.clear()
            _files.close()
            _kept[key] = Worker(_files.enter_context(unpacked(content)))
        return _kept[key].do(task)


def remote_versions() -> dict[str, str]:
    """Versions of the libraries on a machine of the cluster."""
    return {name: version for name, version in versions().items() if name in LIBRARIES}


# ------------------------------------------------------------------ here


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A connection to a cluster whose machines have the same versions as this one.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.5:8786``, or the file that it writes with ``--scheduler-file``.

    Raises
    ------
    ClusterError
        If Dask is not installed, nobody answers, there are no workers, or they have other versions.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(Message("sweep.no-dask")) from None
    where = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
    with _silent():
        try:
            _refuse_deaf(address)
            client = Client(**where, timeout=CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError, RuntimeError):
            raise ClusterError(Message("sweep.cluster-away", address=address)) from None
        try:
            _check(client, address)
            yield client
        finally:
            with suppress(OSError, TimeoutError):
                client.close(timeout=PATIENCE)


@contextmanager
def _silent() -> Iterator[None]:
    """Show nothing of what Dask logs: what goes wrong is told in our own words. After a fault it goes on logging in the background."""
    names = [
        name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "asyncio", "tornado")
    ]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    yield
    for name, level in before.items():  # Not reached after a fault.
        logging.getLogger(name).setLevel(level)


def _refuse_deaf(address: str) -> None:
    """Raise what the system says when nobody listens at an address: a client of Dask that fails leaves a trace when it is thrown away."""
    protocol, _, place = address.rpartition("://")
    if protocol in ("", "tcp", "tls") and not Path(address).is_file():
        host, _, port = place.rpartition(":")
        if not port.isdecimal():
            host, port = place, str(PORT)
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT).close()


def _check(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT)
    except TimeoutError:
        raise ClusterError(Message("sweep.no-machines", address=address)) from None
    try:
        there = client.run(remote_versions)
    except Exception as fault:  # Whatever the other side raises, most likely that it knows no such module.
        reason = f"{type(fault).__name__}: {fault}".splitlines()[0]
        raise ClusterError(Message("sweep.not-installed", address=address, reason=reason)) from None
    here = remote_versions()
    for machine, found in there.items():
        for name, version in here.items():
            if found.get(name) != version:
                other = found.get(name, "—")
                raise ClusterError(
                    Message("sweep.other-version", machine=machine, name=name, there=other, here=version)
                )


def run_on_cluster(
    client: Client, tasks: Sequence[Task], content: bytes, ask: Asked, *, stop: threading.Event
) -> Iterator[tuple[Task, Record]]:
    """Plan tasks on a cluster and yield each record when it is there; what waits is cancelled when ``stop`` is set.

    Raises
    ------
    ClusterError
        If the cluster goes away before all are there.
    """
    shipped = client.scatter(content, broadcast=True, hash=True)
    done: Queue[Future] = Queue()
    waiting: dict[str, Task] = {}
    futures = []
    for task in tasks:
        future = client.submit(remote_answer, shipped, ask(task), pure=False, retries=0)
        waiting[future.key] = task
        futures.append(future)
    for future in futures:
        future.add_done_callback(done.put)
    try:
        while waiting and not stop.is_set():
            if client.status not in ("running", "connecting"):
                raise ClusterError(Message("sweep.cluster-lost"))
            try:
                future = done.get(timeout=PATIENCE)
            except Empty:
                continue
            if future.status in ("cancelled", "lost"):
                raise ClusterError(Message("sweep.cluster-lost"))
            yield waiting.pop(future.key), _answer(future)
    finally:
        with suppress(Exception):  # A cluster that is gone has nothing left to cancel.
            client.cancel([future for future in futures if future.key in waiting])


def _answer(future: Future) -> Record:
    if future.status == "finished":
        record: Record = json.loads(future.result())
        return record
    fault = future.exception()
    if type(fault).__name__ == "KilledWorker":
        return failed(CRASH, [("", Message("sweep.machine-lost"))])
    return failed(CRASH, [("", Message("sweep.crashed", fault=f"{type(fault).__name__}: {fault}".splitlines()[0]))])
