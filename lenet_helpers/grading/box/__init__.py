"""Where a submission runs and can do no harm."""
