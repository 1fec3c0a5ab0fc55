"""EdgeCAD under MLPerf's LoadGen."""
