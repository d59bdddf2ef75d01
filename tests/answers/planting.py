"""Where the planted answers are noted, by exercise."""

RIGHT, WRONG = {}, {}


def right(name):
    """Note a right answer to exercise `name`, in some style."""

    def note(function):
        RIGHT.setdefault(name, []).append(function)
        return function

    return note


def wrong(name, mistake):
    """Note a wrong answer, and the mistake whose hint it must get (None: any hint will do)."""

    def note(function):
        WRONG.setdefault(name, []).append((mistake, function))
        return function

    return note
