"""`edgecad table`: colour tables: listed, shown, learnt from a screen's colour bar."""
