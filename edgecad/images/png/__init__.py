"""PNG: chunks walked through before anything is decoded."""
