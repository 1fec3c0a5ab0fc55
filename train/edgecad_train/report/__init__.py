"""Pictures and the page that a reviewer reads."""
