"""How an answer is tried: fresh inputs for the oracle and for the candidate, within a time limit."""

import numpy as np

from lenet_helpers.exercises.reading_source import source_of
from lenet_helpers.exercises.results import Answer, type_name
from lenet_helpers.exercises.running import Endless, everything_put_back, guarded, printing_kept, run_each
from lenet_helpers.exercises.verdicts import cannot_check, verdict_on


def check_exercise(exercise, candidate, time_limit, seed):
    """Return the verdict on `candidate`."""
    with everything_put_back():
        cases, failure = guarded(exercise.cases, np.random.default_rng(seed))
        # The oracle's first answer is thrown away: what it imports must not count as the candidate's
        # time, and stopping an import halfway would leave the module broken.
        failure = failure or exercise.outcome(exercise.oracle, cases[0])
        if failure.error:
            return cannot_check(exercise.name, failure)
        return verdict_on(exercise, cases, answer_of(exercise, candidate, cases, time_limit), time_limit)


def answer_of(asked, candidate, cases, time_limit):
    """Give the cases to `candidate` and return its `Answer`. Needs what is asked, and none of the answers."""
    if candidate is None or candidate is Ellipsis:
        return Answer(missing=f"{candidate} was handed over in place of a function")
    if not callable(candidate):
        return Answer(stranger=type_name(candidate))
    with printing_kept() as printed:
        try:
            answer = Answer(run_each(lambda case: asked.outcome(candidate, case), cases, time_limit))
        except Endless as endless:
            answer = Answer(endless.finished, endless=True, stopped=endless.stopped)
    answer.printed = printed.beginning()
    answer.source, answer.borrowed = source_of(candidate)
    return answer
