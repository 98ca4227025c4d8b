"""Files, processes, memory and signals; nothing about quotas."""
