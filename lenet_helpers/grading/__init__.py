"""Student copies out, marks back.

- `solved` reads the solved notebooks, the one source of all that follows.
- `release` writes the students' course folder from them.
- `kit` makes, once for a run, what grading needs of the course.
- `batch` takes a whole class from its folder to its marks.
- `intake/`: `finding` says which file is whose and which notebook, `handed_in` reads files and
  archives, `mending` makes a notebook of each that can be graded, `needed` tells which of its
  cells have to run.
- `workers` gives the submissions to this process, to several, or to a Dask cluster.
- `submission` takes one of them from the file's bytes to its marks.
- `box/`: `sandbox` finds a place where it can do no harm, `supervising` watches it there, within
  its `limits`. Inside, `runner` executes the cells, and `asking` takes the place of `check`.
- `judge` knows the right answers and tells, outside of the sandbox, which of a submission's are.
- `gradebook` and `feedback` write the marks: table, gradebook and report; a page for each student.
- `with_nbgrader` is nbgrader's part: student copies, and its gradebook.

Needs the extra "instructor": ``pip install "lenet-helpers[instructor]"``.
"""
