"""What goes wrong in grading, in words for the instructor."""


class GradingError(Exception):
    """Grading can't begin or go on; the message says why and what to do."""
