"""What the operating system and this installation offer.

folders, disk, lock     folders that appear whole, full disks, locks that end with their process
reading, digests, clock     files read within bounds; SHA-256 of files and times, as records have them
usercache               the user's cache
children, parallel, cores   processes apart, work side by side, how many processors there are
memory                  lack of it, whoever notices
words                   names as a terminal can show them, and names that are nearly others
extras, installation    optional parts, and the command that installs one
"""
