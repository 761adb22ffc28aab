"""What an operator may write, and how it is refused: values, the file, the stacks that come of it."""
