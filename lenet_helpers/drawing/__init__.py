"""Strokes and forms: digits that the course draws itself."""
