"""How often the network is right, and what each part of that brings."""
