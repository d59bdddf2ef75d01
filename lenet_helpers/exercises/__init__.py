"""The exercises: `check` answers at once, in words; `hint` helps in three stages; `progress` says how far one is.

`asked` holds what each exercise asks and `answers` what is right and wrong, a file a lesson: a
submission that is graded sees the first folder and never the second. `checking` tries an
answer and `running` keeps it from doing harm; `results` and `wire` make plain data of what it
did, and `verdicts` says in words what that is worth; `keeping` remembers it.
"""

from lenet_helpers.exercises.catalogue import NAMES, exercise
from lenet_helpers.exercises.checking import check_exercise
from lenet_helpers.exercises.hints import staged_hint
from lenet_helpers.exercises.keeping import EXERCISES, note, progress
from lenet_helpers.exercises.verdicts import Verdict

__all__ = ["NAMES", "TIME_LIMIT_SECONDS", "Verdict", "check", "exercise", "hint", "progress"]

TIME_LIMIT_SECONDS = 10.0
"""All calls of one check together may take this long."""


def check(name, candidate, *, time_limit=TIME_LIMIT_SECONDS, seed=None):
    """Check the answer to an exercise against the course's own, on fresh inputs.

    Nothing is printed: what the answer itself prints is kept, and the verdict shows its first
    lines. No random state is touched, and no object of the caller is changed: the answer gets
    copies of the inputs, and a network that it returns is copied before it is tried. Whether it was
    right is kept for `progress`.

    Used in the exercises of all five notebooks.

    Parameters
    ----------
    name : str
        Such as "01-normalise"; one of `lenet_helpers.exercises.NAMES`.
    candidate : callable
        The function that the exercise asks for, not called. It may fail in any way.
    time_limit : float, default 10
        Seconds for all calls together. A call that takes longer is stopped.
    seed : int, optional
        Of the inputs; without one they are new each time.

    Returns
    -------
    Verdict
        True when right. Its text names what failed, on which input, with a hint. An answer that
        raises, never ends or is no function is not right; nothing of it comes out as an exception.

    Raises
    ------
    ValueError
        There is no exercise of that name.

    Examples
    --------
    >>> check("02-parameters", lambda inputs, outputs, side: outputs * (inputs * side**2 + 1)).right
    True
    """
    verdict = check_exercise(exercise(name), candidate, time_limit, seed)
    note(EXERCISES, name, verdict.right, verdict.failed)
    return verdict


def hint(name, stage=1):
    """Return help with an exercise: 1 is a hint, 2 a worked step, 3 the full solution.

    The solution is the solved notebook's own. A student's copy holds it only where it was
    released with solutions, and says so otherwise.

    Named in the exercises of all five notebooks.

    Parameters
    ----------
    name : str
        Such as "01-normalise"; one of `lenet_helpers.exercises.NAMES`.
    stage : int, default 1
        1, 2 or 3.

    Returns
    -------
    str
        A text that a notebook shows as it reads: without quotes, its lines broken.

    Raises
    ------
    ValueError
        There is no exercise of that name, or no such stage.
    """
    return staged_hint(exercise(name), stage)
