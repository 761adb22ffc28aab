"""The docs and the mails say what is so: every setting with its default, every AWS CLI command one that the CLI would take."""

import json
import re
import shlex
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session
from botocore.validate import ParamValidator

from ebs_backup.settings import Period, Settings
from tests.unit.builders import settings

ROOT = Path(__file__).parent.parent.parent
MAILS = sorted((Path(__file__).parent / "golden").glob("*.txt"))
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *MAILS)
GLOBAL = {"--query", "--output", "--cli-binary-format", "--cli-read-timeout", "--region"}
WAITERS = {"volume-available": "describe-volumes"}  # what the waiters that we use call
RENAMED = {"--notification-endpoint": "--endpoint"}  # the CLI's own name, for --endpoint is taken
OF_THE_CLI_ALONE = "aws dlm create-default-role"  # which is no API call: nothing here to hold it against
COMMAND = re.compile(r"(?:^ +|`|xargs -n 1 )(aws [a-z0-9-]+ [^`|]+?)(?=`|\||$)", re.MULTILINE)
PICKED = re.compile(r"\[\?[^\]]*\]\|\[0\]")  # a filter inside a --query, with backticks and a pipe of its own


def commands() -> list[str]:
    """Give every `aws ...` command of docs and mails, each in one line."""
    texts = (page.read_text(encoding="utf-8").replace("\\\n", " ") for page in PAGES)
    found = (command for text in texts for command in COMMAND.findall(PICKED.sub("", text)))
    return [command for command in found if not command.startswith(OF_THE_CLI_ALONE)]


def test_the_docs_hold_commands() -> None:
    assert len(commands()) > 10


@pytest.mark.parametrize("command", commands())
def test_every_command_is_one_that_the_aws_cli_takes(command: str) -> None:
    _, service, operation, *words = shlex.split(command)
    if operation == "wait":
        operation, words = WAITERS[words[0]], words[1:]
    options = {RENAMED.get(word, word) for word in words if word.startswith("--")} - GLOBAL

    model = Session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape

    assert shape is not None
    assert options <= {f"--{xform_name(name, '-')}" for name in shape.members}


def test_the_readme_names_every_setting_with_its_default() -> None:
    defaults = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    table = re.findall(r"^\| (`[a-z_`, ]+`) \| (.+?) \|", PAGES[0].read_text(encoding="utf-8"), re.MULTILINE)
    told: dict[str, str] = {}
    for names, values in table:
        split = re.findall(r"`([^`]+)`", names)
        each = [value.strip("` ") for value in values.split(", ")]
        told |= dict(zip(split, each if len(each) == len(split) else each * len(split), strict=True))

    assert set(told) == {*Settings.__dataclass_fields__, "backup_sets", "regions"} == set(defaults)
    assert told == {name: _written(value) for name, value in defaults.items()}


def _written(default: object) -> str:
    return "none" if default in ("", [], {}) else json.dumps(default).strip('"')


def test_every_test_that_the_page_on_other_tools_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "other-tools.md").read_text(encoding="utf-8")))
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    assert named
    assert named <= set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE))


def test_the_dlm_policy_is_one_that_dlm_takes_and_equals_the_defaults() -> None:
    text = (ROOT / "docs" / "dlm-and-aws-backup.md").read_text(encoding="utf-8")
    policy = json.loads(re.findall(r"```json\n(.+?)```", text, re.DOTALL)[0])
    defaults = settings()

    shape = Session().get_service_model("dlm").shape_for("PolicyDetails")
    assert not ParamValidator().validate(policy, shape).has_errors()
    assert policy["TargetTags"] == [{"Key": defaults.tag_name, "Value": defaults.tag_value}]
    assert {
        each["Name"]: (each["CreateRule"]["CronExpression"], each["RetainRule"]["Count"])
        for each in policy["Schedules"]
    } == {period.value: (f"cron({defaults.schedule(period)})", defaults.keep(period)) for period in Period}
