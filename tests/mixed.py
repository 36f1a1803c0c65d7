"""Numbers in no order: what generated stacks number their labels by, so that stack, alphabet and numbers disagree."""

from random import Random


def mixed(count: int, first: int = 0) -> list[int]:
    """So many numbers from `first` on, each once, always in the same order, which is neither up nor down."""
    numbers = list(range(first, first + count))
    Random(count).shuffle(numbers)
    if count > 2 and numbers in (sorted(numbers), sorted(numbers, reverse=True)):  # three come out sorted by chance
        numbers = [*numbers[1:], numbers[0]]
    return numbers
