"""Many scenarios at once: keys varied over values, on the cores of this machine or on a cluster."""

from allocator.sweep.record import Sweep
from allocator.sweep.run import Progress, sweep

__all__ = ["Progress", "Sweep", "sweep"]
