"""What the exercises ask, a file a lesson: inputs, and how what a function does with them is noted. No answers."""
