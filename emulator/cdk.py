"""The real CDK CLI against the emulator: bootstrap, deploy, diff, destroy."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator import guard
from emulator.server import ACCOUNT, REGION, ROOT, Emulator

CLI = ROOT / "node_modules" / ".bin" / "cdk"
SECONDS = 300


class CdkError(RuntimeError):
    """The CLI failed: its command and its last lines."""


@dataclass(frozen=True, slots=True)
class Cdk:
    """The CLI as an operator calls it, from the repository's root."""

    emulator: Emulator

    def bootstrap(self, region: str = REGION) -> None:
        """Prepare the account for deployments, as every CDK user does once a region; this needs no app."""
        self.run("bootstrap", f"aws://{ACCOUNT}/{region}", folder=self.emulator.folder)

    def deploy(self, stacks: str, **settings: object) -> str:
        """Deploy these stacks, or `--all`, with these settings over the defaults; return what was printed."""
        return self.run("deploy", stacks, "--require-approval=never", *self.settings(settings))

    def outputs(self, stack: str, *, region: str = REGION) -> Mapping[str, str]:
        """Return the outputs of a deployed stack, by its name."""
        found = self.emulator.client("cloudformation", region=region).describe_stacks(StackName=stack)
        return {output["OutputKey"]: output["OutputValue"] for output in found["Stacks"][0]["Outputs"]}

    def diff(self, stack: str, **settings: object) -> str:
        """Return what a deploy with these settings would change."""
        return self.run("diff", stack, *self.settings(settings))

    def destroy(self, stacks: str, **settings: object) -> None:
        """Remove stacks, or `--all`, of the app with these settings."""
        self.run("destroy", stacks, "--force", *self.settings(settings))

    def settings(self, settings: Mapping[str, object]) -> tuple[str, str]:
        """Write a settings file and return the option that names it, so that your own settings.toml is not read."""
        file = self.emulator.folder / "settings.toml"
        file.write_text("".join(f"{name} = {toml(value)}\n" for name, value in settings.items()), "utf-8")
        return "--context", f"settings={file}"

    def run(self, command: str, *options: str, folder: Path = ROOT) -> str:
        """Run one command and return what it printed; raise CdkError if it fails."""
        environment = self.emulator.environment() | {
            "CI": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_VALIDATION": "false",  # the CDK's own linter takes most of a synth; tests/infra have others
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(
                ROOT / "build" / "jsii"
            ),  # else unpacked anew under each HOME
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "NO_COLOR": "1",
            **_way_to_packages(),
        }
        guard.check(environment)
        done = subprocess.run(  # noqa: S603 - our own words
            [CLI, command, *options, "--no-notices", f"--output={self.emulator.folder / 'cdk.out'}"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        said = done.stdout + done.stderr
        if done.returncode != 0:
            raise CdkError(f"cdk {command} ended with {done.returncode}:\n{said.strip()[-2000:]}")
        return said


def _way_to_packages() -> dict[str, str]:
    """Return the user's settings for package indexes: the CLI would not find them, because HOME is the emulator's."""
    named = {name: it for name, it in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_CERT_"))}
    files = os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config"))
    return {"XDG_CONFIG_HOME": files, **named}


def toml(value: object) -> str:
    """Write a value as TOML has it."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key} = {toml(inner)}' for key, inner in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)
