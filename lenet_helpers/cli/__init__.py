"""The `lenet` command."""
