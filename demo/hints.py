"""What to do next: after the demo, and with an emulator that stays up."""

import shlex
import signal

from demo.show import console
from emulator.account import DeployedFunction
from emulator.server import ROOT, Emulator

NAMES = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION")
NEXT = (
    ("in your own account", "README.md, Deploy: make deploy-tools, npx cdk bootstrap, npx cdk deploy"),
    ("from makesnapshots or ec2-automate-backup", "docs/coming-from-*.md: ebs-backup adopt"),
    ("the command, to see and to restore", "docs/command.md: pipx install '.[cli]', ebs-backup list"),
)


def closing() -> None:
    """Say in three lines what to read or do next."""
    console.print("\n[bold]What next?[/]")
    for who, what in NEXT:
        console.print(f"  {who}:", markup=False)
        console.print(f"    {what}", style="cyan", markup=False, soft_wrap=True)


def stay(emulator: Emulator, function: DeployedFunction) -> None:
    """Say how to play with the emulator in another shell, and wait for Ctrl-C."""
    console.print(
        f"\n[bold]The emulator stays up at {emulator.endpoint} until Ctrl-C.[/] In another shell:\n"
    )
    for command in commands(emulator, function):
        console.print(f"  {command}", soft_wrap=True, markup=False)
    signal.pause()


def commands(emulator: Emulator, function: DeployedFunction) -> tuple[str, ...]:
    """Return commands to paste, in their order: the way to the emulator, what is there, a run, its mail."""
    invoke = f"aws lambda invoke --function-name {function.name} --cli-binary-format raw-in-base64-out"
    text = """python3 -c 'import json, sys; print(json.load(sys.stdin)["text"])'"""
    outbox = shlex.quote(str(emulator.outbox.file))
    return (
        f"cd {shlex.quote(str(ROOT))}",
        *(f"export {name}={emulator.environment()[name]}" for name in NAMES),
        "export PYTHONPATH=lambda:cli",
        "alias ebs-backup='.venv/bin/python -m ebs_backup_cli'",
        "ebs-backup list",
        "ebs-backup plan day",
        f"""{invoke} --invocation-type Event --payload '{{"period": "day"}}' /dev/stdout""",
        f"tail -n 1 {outbox} | {text}  # the mail of that run",
    )
