"""What the operating system and this installation offer: folders, disk, locks, processes, threads, extras."""
