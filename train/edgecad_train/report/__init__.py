"""Pictures and the page that a reviewer reads, from a run folder's files alone.

page            report.html
flow, parts     the way of the data; its parts in words
tables, wording rows of the page's tables; figures and names as they are printed
proof           what can be recounted is recounted
outside, limits what the heat maps say; what must not be concluded
names           no patient's name on a page
pictures/       what is drawn into the run folder
"""
