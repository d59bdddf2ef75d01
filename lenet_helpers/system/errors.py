"""What the course can't do, in words for the person who asked for it."""


class CourseError(ValueError):
    """The base of the course's own errors: the message says what is wrong, and names the mend."""
