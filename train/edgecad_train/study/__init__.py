"""Many runs as one table: units named by what defines them, done once whatever is killed."""
