"""The code that talks to AWS: each call, each answer and each error."""
