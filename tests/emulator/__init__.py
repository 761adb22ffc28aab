"""The emulator behaves as AWS does where the function's safety hangs on it."""
