"""Student copies out, marks back.

`release` makes what students get from the solved notebooks. `batch` takes what came back,
and marks it: `finding` and `mending` turn each file into a notebook that can be graded,
`sandbox` runs it where it can do no harm, `marker` judges its answers outside of it,
`converting` is nbgrader's part, and `marks` and `feedback` are what comes out.

Needs the extra "instructor": ``pip install "lenet-helpers[instructor]"``.
"""
