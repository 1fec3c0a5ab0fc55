"""Clinical values beside the image: read, checked, and joined with its log-odds to one score.

cells      one cell of a CSV
sexes      what people call a patient's sex
headers    the first line of a CSV, and what separates its columns
values     what somebody gives, checked against what a model knows
fusion     log-odds and values -> terms that add up to the score
table      a CSV of values beside scans, read again when it changes
dicom      a DICOM object's own age and sex
words      a fused model for people
sources    where the values of a scan come from
"""
