"""The course's benchmarks: ``make bench``, or ``python -m benchmarks SECTION...``.

Each section is a module with three functions: ``measure(settings)`` returns plain numbers,
``show(result)`` makes Markdown of them, and ``draw(result, path)``, where there is one, a
figure. `benchmarks.report` puts them together into RESULTS.md. A time never stands alone:
it stands beside another one, measured by turns in the same run.
"""
