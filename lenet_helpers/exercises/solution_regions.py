"""The markers between which solutions stand in the solved notebooks, and what stands there."""

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")


def regions(source, markers):
    """Yield what stands between each pair of markers, as lists of lines."""
    begin, end = markers
    inside = None
    for line in source.splitlines():
        if line.strip() == begin:
            inside = []
        elif line.strip() == end and inside is not None:
            yield inside
            inside = None
        elif inside is not None:
            inside.append(line)
