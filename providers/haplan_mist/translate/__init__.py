"""Pure translation between the vocabulary of the design and what the Mist API stores. No input, no output."""
