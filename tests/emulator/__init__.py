"""The emulator behaves as AWS does where the function's safety depends on it."""
