"""Where a run computes and how: devices, replicas, compilation and precision."""
