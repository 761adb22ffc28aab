"""The checks of every `aws ...` command that docs, mails and alarms print: AWS takes it, and it costs no backup."""

import json
import re
import shlex
from functools import cache

from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.session import Session
from botocore.validate import ParamValidator

from ebs_backup.event import parse

GLOBAL = {"--query", "--output", "--cli-binary-format", "--cli-read-timeout", "--region"}
WAITERS = {"volume-available": "describe-volumes"}  # what the waiters that we use call
RENAMED = {"--notification-endpoint": "--endpoint"}  # the CLI's own name, for --endpoint is taken
OF_THE_CLI_ALONE = "aws dlm create-default-role"  # no API call, so there is no model to compare it with
TAIL_OPTIONS = {
    "--since",
    "--filter-pattern",
}  # of `aws logs tail`, which is the CLI's own, too: those that we use
COMMAND = re.compile(r"(?:^ +|`|xargs -n 1 )(aws [a-z0-9-]+ [^`|]+?)(?=`|\||$)", re.MULTILINE)
LINE = re.compile(r"^ +(aws [a-z0-9-]+ .+)$", re.MULTILINE)
PICKED = re.compile(r"\[\?[^\]]*\]\|\[0\]")  # a filter inside a --query, with backticks and a pipe of its own
OF_STREAMS = {"Payload"}  # bytes: looked at by itself
KEY = re.compile(r"([A-Z]\w*)=")
OUTER_COMMA = re.compile(r",(?![^\[{]*[\]}])")  # not within brackets: A=1,B=[x,y],C={D=1,E=2}
DELETES = {"delete-snapshot", "disable-rule", "delete-rule", "delete-stack", "delete-volume"}


def printed(text: str) -> list[str]:
    """Return every command of a page, each in one line."""
    found = COMMAND.findall(PICKED.sub("", text.replace("\\\n", " ")))
    return [command for command in found if not command.startswith(OF_THE_CLI_ALONE)]


def lines(text: str) -> list[str]:
    """Return the commands of a mail or an alarm's text: each is a whole line of its own."""
    return LINE.findall(text)


def check(command: str) -> None:
    """Raise AssertionError unless the AWS CLI takes the command, and it deletes no backup."""
    _, service, operation, *words = shlex.split(command)
    assert operation not in DELETES, command
    if operation == "wait":
        operation, words = WAITERS[words[0]], words[1:]
    options = {RENAMED.get(word, word) for word in words if word.startswith("--")} - GLOBAL
    if (service, operation) == ("logs", "tail"):
        assert options <= TAIL_OPTIONS, command
        return
    shape = _operations(service)[operation].input_shape
    assert shape is not None
    names = {f"--{xform_name(name, '-')}": name for name in shape.members}
    assert options <= names.keys(), command
    given = _values(words)
    assert {names[option] for option in given if option in names} >= set(shape.required_members), command
    for option, values in given.items():
        if option in names and names[option] not in OF_STREAMS:
            _check_values(values, shape.members[names[option]], command)
    if operation == "invoke" and "--payload" in words:
        _check_payload(words)
    if operation == "delete-tags":
        assert "--tags" in words, f"would strip every tag: {command}"


def _values(words: list[str]) -> dict[str, list[str]]:
    """Return the values of each option, under the name that AWS has for it."""
    found: dict[str, list[str]] = {}
    values: list[str] = []  # before the first option stand none
    for word in words:
        if word.startswith("--"):
            values = found[RENAMED.get(word, word)] = []
        else:
            values.append(word)
    return found


def _check_values(values: list[str], shape: Shape, command: str) -> None:
    """Raise AssertionError unless the values fit the shape; a file's or a placeholder's value is not known."""
    if not values or values[0].startswith("file://") or "$(" in command:
        return
    if isinstance(shape, ListShape) and not values[0].startswith("["):
        for value in values:
            _check_values([value], shape.member, command)
    elif isinstance(shape, ListShape | StructureShape | MapShape) and values[0][0] in "[{":
        (text,) = values
        errors = ParamValidator().validate(json.loads(text), shape)
        assert not errors.has_errors(), f"{command}: {errors.generate_report()}"
    elif isinstance(shape, StructureShape):
        pairs = (KEY.match(pair) for value in values for pair in OUTER_COMMA.split(value))
        keys = {pair[1] for pair in pairs if pair}  # a part without a key is one more value of the key before
        assert keys <= set(shape.members), command
        assert keys >= set(shape.required_members), command
    elif shape.type_name in ("integer", "long") and not values[0].isupper():
        assert values[0].isdecimal(), command
    elif enum := getattr(shape, "enum", None):
        assert values[0] in enum or values[0].isupper(), command


def redoes(command: str, *, time: str | None, period: str) -> None:
    """Raise AssertionError unless a command that redoes this period's run names its time: else it is an extra run."""
    payload = payload_of(command)
    if payload["period"] == period:
        assert payload.get("time") == time


def payload_of(command: str) -> dict[str, object]:
    """Return the event that a command sends."""
    words = shlex.split(command)
    event = json.loads(words[words.index("--payload") + 1])
    assert isinstance(event, dict)
    return event


def _check_payload(words: list[str]) -> None:
    """Check that the function takes the event, it is queued (but for a dry run), and the CLI sends it unchanged."""
    command = shlex.join(words)
    event = payload_of(command)
    parse(event)
    assert event.get("dry_run") or words[words.index("--invocation-type") + 1] == "Event", command
    assert words[words.index("--cli-binary-format") + 1] == "raw-in-base64-out", command


@cache
def _operations(service: str) -> dict[str, OperationModel]:
    model = Session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}
