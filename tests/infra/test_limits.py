"""AWS accepts the template of any accepted settings: every text fits its shape in botocore's models."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match, Template
from botocore.session import get_session
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from infra.settings.source import SettingsError
from infra.settings.targets import ENVIRONMENT_BYTES
from infra.stack import BackupStack
from tests.infra.conftest import ROOT, planned, synthesize
from tests.infra.test_alerts import written
from tests.infra.wire import KEY

# Where a template's text goes: resource type, property, and the shape in the service's own model.
SHAPES = (
    ("AWS::IAM::Role", "Description", "iam", "roleDescriptionType"),
    ("AWS::IAM::Policy", "PolicyDocument", "iam", "policyDocumentType"),
    ("AWS::Lambda::Function", "Description", "lambda", "Description"),
    ("AWS::Events::Rule", "Description", "events", "RuleDescription"),
    ("AWS::Events::Rule", "ScheduleExpression", "events", "ScheduleExpression"),
    ("AWS::CloudWatch::Alarm", "AlarmDescription", "cloudwatch", "AlarmDescription"),
    ("AWS::Logs::LogGroup", "KmsKeyId", "logs", "KmsKeyId"),
)
DISPLAY_NAME = 100  # characters: SNS's API reference of SetTopicAttributes (its model has no limit)
DESCRIPTION = 1024  # bytes: CloudFormation's quotas (its model says characters)

latin = st.characters(max_codepoint=0xFF, categories=("L", "N", "P", "S", "Zs"), exclude_characters="$")
free = st.text(latin, min_size=1, max_size=128).filter(
    lambda text: not text.lower().startswith(("aws:", "ebs-backup:", "name"))
)
drawn = st.fixed_dictionaries(
    {
        "backup_set": st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
        "tag_name": st.just("\xff" * 128) | free,
        "tag_value": st.just("\xff" * 256) | free,
        "schedule_week": st.integers(1, 90).map(lambda many: f"{','.join(['59'] * many)} 2 ? * SAT *"),
        "extra_tags": st.dictionaries(free, free, max_size=20),
        "copy_tags": st.booleans() | st.lists(free, max_size=20),
        "alert_email": st.sampled_from(["", "a@example.com", "o'ops+ebs/x@mail.example.co.uk"]),
        "kms_key_arn": st.sampled_from(["", KEY, f"{KEY.rpartition('/')[0]}/{'0' * 128}"]),
    }
)


def texts(template: Template, kind: str, name: str) -> Iterator[str]:
    """List every value of a property, as text."""
    for resource in template.find_resources(kind).values():
        value = resource["Properties"].get(name, "-")
        yield written(value) if name != "PolicyDocument" else json.dumps(value, ensure_ascii=False)


def misfits(template: Template) -> list[tuple[str, str, str]]:
    """List the texts that AWS's own models refuse."""
    return [
        (kind, name, text)
        for kind, name, service, shape in SHAPES
        for text in texts(template, kind, name)
        if not fits(text, get_session().get_service_model(service).shape_for(shape).metadata)
    ]


def fits(text: str, limits: dict[str, Any]) -> bool:
    """Check a text against its shape in botocore's model."""
    long_enough = limits.get("min", 0) <= len(text) <= limits.get("max", len(text))
    return long_enough and re.fullmatch(limits.get("pattern", "(?s:.*)"), text) is not None


def environment(template: Template) -> int:
    """Return the size of the environment in bytes, as Lambda measures it, with the topic's longest possible name."""
    (function,) = template.find_resources("AWS::Lambda::Function").values()
    variables = function["Properties"]["Environment"]["Variables"]
    longest = {"EBS_BACKUP_TOPIC_ARN": f"arn:aws:sns:eu-west-1:111122223333:{'t' * 256}"}
    return len(json.dumps(variables | longest))


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn)
def test_settings_are_refused_at_synth_or_fit_what_aws_takes(given_settings: dict[str, Any]) -> None:
    try:
        template = synthesize(**given_settings)
    except SettingsError:
        return

    assert misfits(template) == []
    assert environment(template) <= ENVIRONMENT_BYTES
    assert len(template.to_json()["Description"].encode()) <= DESCRIPTION
    (topic,) = template.find_resources("AWS::SNS::Topic").values()
    assert len(topic["Properties"]["DisplayName"]) <= DISPLAY_NAME


def test_the_longest_of_everything_but_tags_fits() -> None:
    template = synthesize(backup_set="s" * 64, tag_name="\xff" * 128, tag_value="\xff" * 256)

    assert misfits(template) == []
    assert environment(template) <= ENVIRONMENT_BYTES


def test_a_text_beyond_what_aws_takes_is_noticed() -> None:
    template = Template.from_json(
        {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Description": "Бэкап"}}}}
    )

    assert misfits(template) == [("AWS::IAM::Role", "Description", "Бэкап")]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("extra_tags", {f"key-{number}": "v" * 200 for number in range(20)}),
        ("copy_tags", [f"{number:0128}" for number in range(40)]),
    ],
)
def test_tags_that_the_functions_environment_cannot_hold_are_refused_by_name(
    setting: str, value: object
) -> None:
    with pytest.raises(SettingsError, match=rf"^{setting} must be shorter by \d+ bytes: Lambda allows"):
        planned(**{setting: value})
    with pytest.raises(SettingsError, match=rf"^backup_sets\['web'\]: {setting} must be shorter by"):
        planned(backup_sets={"web": {setting: value}})


def warnings(region: str | None) -> list[str]:
    """Synthesize for a region and return the warnings."""
    (target,) = planned(region, alert_email="you@example.com")
    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    return [str(match.entry.data) for match in found]


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", None])
def test_a_region_that_the_cdk_knows_raises_no_warning(region: str | None) -> None:
    assert warnings(region) == []


def test_a_region_that_the_cdk_does_not_know_raises_one() -> None:
    (warning,) = warnings("eu-wset-1")

    assert warning.startswith("the CDK does not know the region eu-wset-1: check its spelling")
