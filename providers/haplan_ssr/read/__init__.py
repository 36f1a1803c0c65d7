"""What is there: reads of the conductor, in the words of the vocabulary."""
