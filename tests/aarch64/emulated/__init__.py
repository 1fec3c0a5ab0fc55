"""A Debian for aarch64 in a folder, and the runtime's trial in it."""
