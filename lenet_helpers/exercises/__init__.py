"""The exercises: `check` answers at once, in words; `hint` helps in three stages.

One file a lesson holds its exercises: an oracle, fresh inputs, and the likely mistakes,
each with a hint of its own. `checking` compares, `running` keeps what is checked from
doing harm, `results` turns what it returns into plain data.
"""

from lenet_helpers.exercises.catalogue import NAMES, exercise
from lenet_helpers.exercises.checking import Verdict, check_exercise
from lenet_helpers.exercises.hints import staged_hint

__all__ = ["NAMES", "TIME_LIMIT_SECONDS", "Verdict", "check", "exercise", "hint"]

TIME_LIMIT_SECONDS = 10.0
"""All calls of one check together may take this long."""


def check(name, candidate, *, time_limit=TIME_LIMIT_SECONDS, seed=None):
    """Check the answer to an exercise against the course's own, on fresh inputs.

    Nothing is printed, and no random state is touched.

    Parameters
    ----------
    name : str
        Such as "01-normalise"; one of `NAMES`.
    candidate : callable
        The function that the exercise asks for. It gets copies, and may fail in any way.
    time_limit : float
        Seconds for all calls together.
    seed : int, optional
        Of the inputs; without one they are new each time.

    Returns
    -------
    Verdict
        True when right. Its text names what failed, on which input, with a hint.

    Raises
    ------
    ValueError
        There is no exercise of that name.
    """
    return check_exercise(exercise(name), candidate, time_limit, seed)


def hint(name, stage=1):
    """Return help with an exercise: 1 is a hint, 2 a worked step, 3 the full solution.

    The solution is the solved notebook's own. A student's copy holds it only where it was
    released with solutions, and says so otherwise.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    stage : int
        1, 2 or 3.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        There is no exercise of that name, or no such stage.
    """
    return staged_hint(exercise(name), stage)
