"""Pictures and the page that a reviewer reads, from a run folder's files alone.

html            from content to one file that opens offline; the way of every page
page            report.html of a run
flow, parts     the way of the data; its parts in words
tables, wording rows of the page's tables; figures and names as they are printed
proof           what can be recounted is recounted
outside, limits what the heat maps say; what must not be concluded
checklists/     reporting-checklist.html: what guidelines ask, and where the report tells it
names           no patient's name on a page
pictures/       what is drawn into the run folder
templates/      base.html for all pages; KIND.html and KIND/SECTION.html for each; macros/ that they share
"""
