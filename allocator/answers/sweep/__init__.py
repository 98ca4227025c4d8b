"""Many scenarios at once: keys varied over values, on the cores of this machine or on a cluster."""

from allocator.answers.sweep.result import Sweep
from allocator.answers.sweep.sweep import Progress, sweep

__all__ = ["Progress", "Sweep", "sweep"]
