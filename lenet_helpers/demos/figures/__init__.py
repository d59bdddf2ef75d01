"""What each demo shows, computed by plain functions, and its twin: a plain figure."""
