"""What an answer is: the prediction, its heat map, findings and doubts, its picture, its record."""
