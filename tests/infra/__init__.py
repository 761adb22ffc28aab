"""Infra tests: the synthesized template, asserted by meaning, and the app as the CDK CLI runs it."""
