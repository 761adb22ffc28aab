"""Locked packages, installed by the uv that requirements/uv.txt pins.

`python -m infra.packages .venv requirements/dev.txt` creates the virtual environment, if there is none, and fills it.
It needs only the standard library.

How an index is reached (its address, a proxy, certificates, ...) is the user's choice: pip's settings, and the variables
of uv that say the same. All other settings of pip and uv are ignored: they would change what is installed, or where.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PIN = ROOT / "requirements" / "uv.txt"
TOOL = ROOT / ".uv"  # a virtual environment for uv alone

# The settings of pip that stay, and uv's names for them. The locks' hashes are checked for every index.
WAYS = {
    "INDEX_URL": "UV_INDEX_URL",
    "EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "FIND_LINKS": "UV_FIND_LINKS",
    "TRUSTED_HOST": "UV_INSECURE_HOST",
    "CERT": "SSL_CERT_FILE",
    "CLIENT_CERT": "SSL_CLIENT_CERT",
    "PROXY": "ALL_PROXY",
    "DEFAULT_TIMEOUT": "UV_HTTP_TIMEOUT",
    "TIMEOUT": "UV_HTTP_TIMEOUT",
    "RETRIES": "UV_HTTP_RETRIES",
    "NO_INDEX": "",  # uv has it only as an option
    "KEYRING_PROVIDER": "",
    "CACHE_DIR": "",
    "NO_CACHE_DIR": "",
    "USE_DEPRECATED": "",
}
UV_WAYS = re.compile(
    r"UV_(DEFAULT_INDEX|(EXTRA_)?INDEX_URL|INDEX(_\w+_(USERNAME|PASSWORD))?|FIND_LINKS|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS"
    r"|KEYRING_PROVIDER|OFFLINE|HTTP_\w+|REQUEST_TIMEOUT|CONCURRENT_\w+|CACHE_DIR|NO_CACHE|LINK_MODE)"
)
LISTS = {"UV_FIND_LINKS": ","}  # lists that uv does not split by white space, as pip does
YES = {"1", "true", "yes", "on"}


class PackagesError(RuntimeError):
    """Packages could not be installed: one line that says why."""


def install(lock: Path, *options: str) -> None:
    """Install the locked packages, as the options say; raises PackagesError."""
    tool = uv()
    settings = _pip_settings()
    fixed = ["--quiet", "--no-config", "--no-python-downloads", "--require-hashes"]
    # As pip does, any index may have the file. By default uv uses only the first one that knows the name.
    fixed.append("--index-strategy=unsafe-best-match")
    if settings.get("NO_INDEX", "").lower() in YES:
        fixed.append("--no-index")
    command = [str(tool), "pip", "install", *fixed, *options, f"--requirement={lock}"]
    _run(command, environment={**_others(), **_uv_ways(settings)})


def uv() -> Path:
    """Return the pinned uv; if it is missing or of another version, this Python's own pip installs it, by its hash."""
    pinned = PIN.read_text(encoding="utf-8")
    note = TOOL / "uv.txt"
    if not note.exists() or note.read_text(encoding="utf-8") != pinned:
        _run([sys.executable, "-m", "venv", "--clear", str(TOOL)], environment=_others())
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        ways = {f"PIP_{name}": value for name, value in _pip_settings().items()} | {
            "PIP_CONFIG_FILE": os.devnull
        }
        _pip("install", *options, "--require-hashes", f"--requirement={PIN}", environment=ways)
        note.write_text(pinned, encoding="utf-8")
    return TOOL / "bin" / "uv"


def _others() -> dict[str, str]:
    """Return the environment without any setting of pip or uv."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}


def _uv_ways(settings: Mapping[str, str]) -> dict[str, str]:
    """Return uv's variables for reaching an index: uv's own, or else those from pip's settings."""
    of_pip = {
        WAYS[name]: LISTS.get(WAYS[name], " ").join(settings[name].split())
        for name in WAYS
        if WAYS[name] and settings.get(name)
    }
    if proxy := of_pip.get("ALL_PROXY"):
        of_pip |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
    if settings.get("KEYRING_PROVIDER") == "subprocess":  # uv has only this one
        of_pip["UV_KEYRING_PROVIDER"] = "subprocess"
    return of_pip | {name: value for name, value in os.environ.items() if UV_WAYS.fullmatch(name)}


def _pip_settings() -> dict[str, str]:
    """Return pip's settings for reaching an index, from its variables and files, by pip's names; a variable wins."""
    # A `user = true` in a file would also be an option of `pip config list`: to list the user's file alone.
    every = {"PIP_GLOBAL": "0", "PIP_USER": "0", "PIP_SITE": "0"}
    if "PIP_CONFIG_FILE" in os.environ:
        every["PIP_CONFIG_FILE"] = os.environ["PIP_CONFIG_FILE"]
    listed = _pip("config", "list", environment=every)
    found = [re.fullmatch(r"(global|install)\.([a-z-]+)=('.*'|\".*\")", line) for line in listed.splitlines()]
    files = {
        match[2].upper().replace("-", "_"): str(ast.literal_eval(match[3]))
        for match in sorted(filter(None, found), key=lambda match: match[1])  # its own section wins
    }
    variables = {name.removeprefix("PIP_"): it for name, it in os.environ.items() if name.startswith("PIP_")}
    return {name: value for name, value in (files | variables).items() if name in WAYS}


def _pip(*arguments: str, environment: Mapping[str, str]) -> str:
    python = TOOL / "bin" / "python"
    return _run([str(python), "-m", "pip", *arguments], environment={**_others(), **environment})


def _run(command: list[str], *, environment: Mapping[str, str]) -> str:
    """Run a command and return its output; raises PackagesError with its error in one line."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        said = " ".join((done.stderr.strip() or done.stdout).split())
        raise PackagesError(said or f"{command[0]} ended with {done.returncode} and said nothing")
    return done.stdout


def main() -> None:
    """Fill the virtual environment that the Makefile names; without a name, print where the pinned uv is."""
    try:
        if len(sys.argv) == 1:
            sys.stdout.write(f"{uv()}\n")
        else:
            _fill(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
    except PackagesError as error:
        sys.exit(f"ebs-backup: packages could not be installed: {error}")


def _fill(venv: Path, lock: Path, *options: str) -> None:
    python = venv / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(venv)], environment=_others())
    install(lock, f"--python={python}", *options)


if __name__ == "__main__":
    main()
