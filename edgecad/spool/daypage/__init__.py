"""A day of an OUT for people, made from its records alone: DAY.html to look at, DAY.csv for spreadsheets.

    pages       which days are to be written, and when
    summary     what a day is, taken together
    page        the page: what stands on it, and in which order
    rows        its tables' rows
    drawings    icons, score bars and the histogram, as SVG
    words       texts made harmless, and what is said in few words
    style       the page's look, and what a browser may load for it
    table       the rows for spreadsheets

Records are read one at a time and written on at once: a day of thousands takes no more memory than one of ten.
"""
