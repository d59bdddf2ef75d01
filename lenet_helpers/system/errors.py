"""What the course can't do, in words for the person who asked for it."""


class CourseError(ValueError):
    """The base of the course's own errors: the message says what is wrong, and names the mend.

    A notebook shows that message alone: what lies between the reader's line and the one that raised it is the
    course's business.
    """

    def _render_traceback_(self):
        """Lines that IPython shows in place of its traceback."""
        return [f"{type(self).__name__}: {self}"]
