"""Many scenarios at once: keys varied over values, on the cores of this machine or on a cluster."""

from allocator.sweep.run import Progress, sweep
from allocator.sweep.tables import Sweep

__all__ = ["Progress", "Sweep", "sweep"]
