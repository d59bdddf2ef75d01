"""From any picture to MNIST's form; imports no torch. Taught in notebook 05."""
