"""What is there: reads of devices, in the words of the vocabulary."""
