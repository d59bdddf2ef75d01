"""The lines that fence off solutions in the solved notebooks, and what stands between them."""

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")


def regions(source, fences):
    """Yield what stands between each pair of fences, as lists of lines."""
    begin, end = fences
    inside = None
    for line in source.splitlines():
        if line.strip() == begin:
            inside = []
        elif line.strip() == end and inside is not None:
            yield inside
            inside = None
        elif inside is not None:
            inside.append(line)
