"""The course's benchmarks: how fast it is, how often it is right, and what breaks it.

``python -m benchmarks NAME...`` runs sections, which measure, and campaigns, which try to
break the course. Each is a module in one of three rooms, `speed`, `accuracy` and
`reliability`, with two functions: ``measure(settings)`` returns plain numbers, and
``show(result)`` makes Markdown of them. ``draw(result, path)``, where there is one, makes a
figure and returns what it shows in words. A campaign also returns its ``failures``.

`benchmarks.settings` lists them, `benchmarks.report` keeps the numbers and writes RESULTS.md
and docs/RELIABILITY.md. A time never stands alone: it stands beside another one, measured by
turns in the same run.
"""
