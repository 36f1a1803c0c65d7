"""What is there: reads of the organisation, in the words of the vocabulary."""
