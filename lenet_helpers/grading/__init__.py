"""Student copies out, marks back.

- `solved` reads the solved notebooks, the one source of all that follows.
- `release` writes the students' course folder from them.
- `kit` makes, once for a run, what grading needs of the course.
- `batch` takes a whole class from its folder to its marks.
- `intake/`: `people` says whose a file is, by folders or as `platforms` name what they export, and
  `finding` which notebook it is; `handed_in` reads files and archives, `mending` makes a notebook of
  each that can be graded, `needed` tells which of its cells have to run.
- `workers` gives the submissions to this process, to several, or to a Dask cluster.
- `submission` takes one of them from the file's bytes to its marks; `records` tells what is kept of it.
- `box/`: `sandbox` finds a place where it can do no harm, `supervising` watches it there, within
  its `limits`. Inside, `runner` executes the cells, and `asking` takes the place of `check`.
- `judge` knows the right answers and tells, outside of the sandbox, which of a submission's are.
- `by_hand` adds what the instructor has entered: scores in the gradebook, and adjust.csv.
- `gradebook`, `feedback` and `overview` write the marks: table, gradebook and report; a page for each
  student; the class at a glance, with answers that are `alike`.
- `marks` brings them back into a learning platform's gradebook; `tables` reads and writes CSV files.
- `handing_in` is the student's side, and needs nothing of the extra; `noting` is its part inside of a kernel.
- `with_nbgrader` is nbgrader's part: student copies, and its gradebook.

Needs the extra "instructor": ``pip install "lenet-helpers[instructor]"``.
"""

import lenet_helpers.system.sparing  # noqa: F401
