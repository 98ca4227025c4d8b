"""A process that plans one point after another: a line in, a line out, until its input ends.

Workers are programs of their own and not copies of the caller, so that a sweep can be started from a script or a notebook on every system,
and a worker that dies takes nothing with it but the point it was planning.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from queue import Queue

from allocator.answers.sweep.worker import Worker


def main() -> None:
    """Answer tasks from standard input on standard output; the first line is the setup."""
    # Whatever a library prints must not end up between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    lines: Queue[str] = Queue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    worker = Worker(json.loads(lines.get()))
    while True:
        answer = worker.answer(json.loads(lines.get()))
        answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
        answers.flush()


def _listen(lines: Queue[str]) -> None:
    """Pass lines on; end at once when the caller is gone, even in the middle of a point."""
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
