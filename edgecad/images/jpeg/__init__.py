"""JPEG: markers and scans walked through before anything is decoded."""
