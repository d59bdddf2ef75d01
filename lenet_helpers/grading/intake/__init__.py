"""From what was handed in to notebooks that can be graded."""
