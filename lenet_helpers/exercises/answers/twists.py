"""What wrong answers often make of a right result."""


def swapped(pair):
    return pair[1], pair[0]


def each(change, pair):
    """Return a pair of what `change` makes of each of two numbers."""
    one, other = pair
    return change(one), change(other)
