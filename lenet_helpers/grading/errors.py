"""What goes wrong in grading, in words for the instructor."""

from lenet_helpers.system.errors import CourseError


class GradingError(CourseError):
    """Grading can't begin or go on; the message says why and what to do."""
