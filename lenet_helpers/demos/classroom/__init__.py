"""The whole class at once: everybody writes on a tablet, and a board shows what the network reads (`lenet class`)."""
