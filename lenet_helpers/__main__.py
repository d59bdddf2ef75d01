"""``python -m lenet_helpers`` is the same as the ``lenet`` command."""

from lenet_helpers.cli.main import program

if __name__ == "__main__":
    program()
