"""What the operating system and this installation offer.

folders, disk, lock     folders that appear whole, full disks, locks that end with their process
digests, clock          SHA-256 of files and times, as records have them
children, parallel, cores   processes apart, work side by side, how many processors there are
extras, installation    optional parts, and the command that installs one
"""
