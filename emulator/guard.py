"""Keeps tests and demo away from AWS: nothing starts without dummy keys and an endpoint on loopback."""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
KEY = "test"  # access key and secret alike: the emulator's root user
UNWANTED = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CA_BUNDLE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
)


class NotTheEmulatorError(RuntimeError):
    """The environment could reach a real AWS account: says which variable, and what it must be."""


def check(environment: Mapping[str, str]) -> None:
    """Raise NotTheEmulatorError unless everything that AWS's tools read points to this machine."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if environment.get(name) != KEY:
            raise NotTheEmulatorError(f"{name} must be {KEY!r}, the emulator's dummy")
    endpoints = {name: value for name, value in environment.items() if name.startswith("AWS_ENDPOINT_URL")}
    if "AWS_ENDPOINT_URL" not in endpoints:
        raise NotTheEmulatorError("AWS_ENDPOINT_URL must be set, to an address on loopback")
    for name, url in endpoints.items():
        if urlsplit(url).hostname not in LOOPBACK:
            raise NotTheEmulatorError(f"{name} must be on loopback, got {url!r}")
    if unwanted := [name for name in UNWANTED if environment.get(name)]:
        raise NotTheEmulatorError(f"{unwanted[0]} must not be set")
