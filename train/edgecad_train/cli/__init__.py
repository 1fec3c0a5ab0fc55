"""Commands of the training room, one small file each."""
