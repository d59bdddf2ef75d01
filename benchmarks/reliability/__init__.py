"""Campaigns that try to break the course: damaged files, crowds, kills, a full disk.

``make reliability`` runs them all and writes docs/RELIABILITY.md; small versions of them
are among the tests.
"""
