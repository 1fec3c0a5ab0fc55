"""What an answer costs, beside what a user could have taken instead."""
