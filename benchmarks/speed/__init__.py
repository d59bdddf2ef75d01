"""How fast the course is, and how that grows."""
