"""The blocks of both READMEs, the course's and the student copy's, that people paste: pasted."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from lenet_helpers.grading import release
from lenet_helpers.system.paths import COURSE

READMES = {
    "course": ((COURSE / "README.md").read_text(encoding="utf-8"), ".[test]"),
    "student": (release._readme({}, {"version": "", "release": ""}, False), "."),
}
"""Text of each README, and what its blocks install at the end."""

PIP = """
import os, sys
with open(os.environ["INSTALLED"], "a") as file:
    print(sys.prefix, *sys.argv[1:], sep="|", file=file)
"""


def blocks(readme, shell):
    return re.findall(rf"(?ms)^```{shell}\n(.*?)^```", READMES[readme][0])


@pytest.mark.skipif(not shutil.which("bash"), reason="the block is for bash")
@pytest.mark.parametrize("readme", READMES)
def test_the_shells_block_installs_into_an_environment_of_its_own(tmp_path, readme):
    # A pip that only notes who called it takes the place of the real one, which would download 5 GB.
    (tmp_path / "stand-in" / "pip").mkdir(parents=True)
    (tmp_path / "stand-in" / "pip" / "__init__.py").touch()
    (tmp_path / "stand-in" / "pip" / "__main__.py").write_text(PIP)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text(f"#!/bin/sh\nexec '{sys.executable}' \"$@\" --without-pip\n")
    (tmp_path / "bin" / "python3").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path / "stand-in"),
        "INSTALLED": str(tmp_path / "installed"),
    }
    course = tmp_path / "the course"  # a folder with a blank in its name
    course.mkdir()
    block = next(block for block in blocks(readme, "bash") if "venv" in block)
    subprocess.run(["bash", "-e"], input=block, text=True, cwd=course, env=environment, check=True)
    installed = [line.split("|") for line in (tmp_path / "installed").read_text().splitlines()]
    assert {prefix for prefix, *_ in installed} == {str(course / ".venv")}
    assert ["install", "torch", "torchvision"] in [words for _, *words in installed]
    assert installed[-1][1:] == ["install", "--editable", READMES[readme][1]]


@pytest.mark.skipif(not shutil.which("bash"), reason="the blocks are for bash")
@pytest.mark.parametrize(("readme", "least"), [("course", 2), ("student", 1)])
def test_every_block_for_the_shell_can_be_parsed(readme, least):
    assert len(blocks(readme, "bash")) >= least
    for block in blocks(readme, "bash"):
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)


@pytest.mark.parametrize("readme", READMES)
def test_each_shell_gets_the_same_steps(readme):
    (unix, *_), (powershell,), (cmd,) = (blocks(readme, shell) for shell in ("bash", "powershell", "bat"))
    make, enter, *rest = unix.splitlines()
    assert (make, enter) == ("python3 -m venv .venv", ". .venv/bin/activate")
    assert powershell.splitlines() == ["py -m venv .venv", r".venv\Scripts\Activate.ps1", *rest]
    assert cmd.splitlines() == ["py -m venv .venv", r".venv\Scripts\activate.bat", *rest]
