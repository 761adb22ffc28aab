"""Commands that the stack prints, in its outputs and its alarms, ready to paste (AWS CLI, version 2)."""

import json


def invoke(*, region: str, function: str, event: dict[str, object]) -> str:
    """Return the command that sends an event to the function.

    It queues the run: without Event the CLI calls again after a minute, which would be another run.
    """
    queued = "" if event.get("dry_run") else " --invocation-type Event"
    payload = json.dumps(event, separators=(",", ":"))
    return (
        f"aws lambda invoke{queued} --region {region} --function-name {function} --payload '{payload}'"
        " --cli-binary-format raw-in-base64-out answer.json"
    )
