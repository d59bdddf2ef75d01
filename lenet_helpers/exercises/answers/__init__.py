"""The answers to the exercises, a file a lesson: what is right, what is wrong, and what helps. Never in the sandbox."""
