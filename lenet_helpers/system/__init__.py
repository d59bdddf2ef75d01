"""Files, downloads, devices, programs: what the course needs of the computer."""
