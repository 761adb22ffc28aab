"""`recycle_days`: one retention rule for the set's own snapshots, and nothing else of the stack knows of it."""

import pytest
from aws_cdk import App
from aws_cdk.assertions import Match, Template
from boto3.session import Session

from infra.settings.source import SettingsError
from infra.stack import BackupStack
from tests.infra.conftest import ROOT, planned, statements, synthesize

RULE = "AWS::Rbin::Rule"


def test_without_it_there_is_no_rule(template: Template) -> None:
    template.resource_count_is(RULE, 0)


@pytest.mark.parametrize(("given", "days"), [(7, 7), ("1", 1), (365, 365)])
def test_one_rule_retains_what_has_the_sets_label_for_so_many_days(given: object, days: int) -> None:
    made = synthesize(backup_set="web", recycle_days=given)

    made.resource_count_is(RULE, 1)
    made.has_resource(
        RULE,
        {
            "Properties": {
                "ResourceType": "EBS_SNAPSHOT",
                "ResourceTags": [{"ResourceTagKey": "ebs-backup:set", "ResourceTagValue": "web"}],
                "RetentionPeriod": {"RetentionPeriodUnit": "DAYS", "RetentionPeriodValue": days},
                "ExcludeResourceTags": Match.absent(),
                "LockConfiguration": Match.absent(),
            },
            "DeletionPolicy": Match.absent(),
        },
    )


def test_the_service_takes_what_the_template_says() -> None:
    (rule,) = synthesize(recycle_days=7).find_resources(RULE).values()
    told = {name: value for name, value in rule["Properties"].items() if name != "Tags"}
    client = Session("testing", "testing", region_name="eu-west-1").client("rbin")

    request = client._serializer.serialize_to_request(
        told, client.meta.service_model.operation_model("CreateRule")
    )

    assert request["url_path"] == "/rules"


def test_the_function_and_its_role_are_as_without_it() -> None:
    with_rule, without = synthesize(recycle_days=7), synthesize()

    assert statements(with_rule) == statements(without)
    assert "rbin:" not in str(statements(with_rule))
    assert with_rule.find_resources("AWS::Lambda::Function") == without.find_resources(
        "AWS::Lambda::Function"
    )


def test_each_set_and_region_has_a_rule_of_its_own() -> None:
    sets = {"web": {"recycle_days": 30}, "db": {}, "test": {"recycle_days": "off"}}
    found = {}
    for target in planned(backup_sets=sets, recycle_days=7, regions=["eu-west-1", "us-east-1"]):
        stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")
        found[target.id] = [
            (rule["Properties"]["ResourceTags"][0]["ResourceTagValue"], period["RetentionPeriodValue"])
            for rule in Template.from_stack(stack).find_resources(RULE).values()
            if (period := rule["Properties"]["RetentionPeriod"])
        ]

    assert found == {
        "ebs-backup-web-eu-west-1": [("web", 30)],
        "ebs-backup-web-us-east-1": [("web", 30)],
        "ebs-backup-db-eu-west-1": [("db", 7)],
        "ebs-backup-db-us-east-1": [("db", 7)],
        "ebs-backup-test-eu-west-1": [],
        "ebs-backup-test-us-east-1": [],
    }


def test_more_days_than_the_recycle_bin_takes_are_refused_in_one_line() -> None:
    with pytest.raises(SettingsError) as refused:
        planned(recycle_days=366)

    assert str(refused.value) == ("recycle_days must be off, or a whole number from 1 to 365, got 366 (-c)")
