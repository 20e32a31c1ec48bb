"""Evidence becomes point-in-time snapshots: contracts, sources, timelines, windows, families and targets."""
