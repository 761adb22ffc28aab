"""CloudFormation's type AWS::Rbin::Rule, which ministack lacks: rules are checked as on AWS, kept, changed and deleted.

Nothing enters a bin here: `fake_aws` has one.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from ministack.core import responses
from ministack.services.cloudformation import provisioners

from emulator.patching import require

TYPE = "AWS::Rbin::Rule"
LONGEST = {"EBS_SNAPSHOT": 365, "EC2_IMAGE": 365, "EBS_VOLUME": 7}  # days, by the type of resource
MOST_RULES_OF_A_TAG = 5

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, str]]  # the physical id, and what Fn::GetAtt returns

_rules: dict[str, Properties] = {}  # by ARN


def patch() -> None:
    """Add the type to those that stacks may have."""
    require(provisioners, "_RESOURCE_HANDLERS")
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": _create, "update": _update, "delete": _delete}


def _create(logical_id: str, properties: Properties, stack: str) -> Made:
    region, account = responses.get_region(), responses.get_account_id()
    identifier = hashlib.sha256(f"{stack}/{logical_id}".encode()).hexdigest()[:11]
    arn = f"arn:aws:rbin:{region}:{account}:rule/{identifier}"
    return _keep(arn, properties)


def _update(physical_id: str, _: Properties, properties: Properties, __: str) -> Made:
    return _keep(physical_id, properties)


def _delete(physical_id: str, _: Properties) -> None:
    _rules.pop(physical_id, None)


def _keep(arn: str, properties: Properties) -> Made:
    """Keep a rule; raises the ValueError that makes a stack fail where AWS would refuse it."""
    kind, days = properties["ResourceType"], int(properties["RetentionPeriod"]["RetentionPeriodValue"])
    if properties["RetentionPeriod"]["RetentionPeriodUnit"] != "DAYS":
        raise ValueError("RetentionPeriodUnit must be DAYS")
    if not 1 <= days <= LONGEST[kind]:
        raise ValueError(f"RetentionPeriodValue must be 1 to {LONGEST[kind]} for {kind}, got {days}")
    for tag in properties.get("ResourceTags", ()):
        same = [
            rule for other, rule in _rules.items() if other != arn and tag in rule.get("ResourceTags", ())
        ]
        if len(same) >= MOST_RULES_OF_A_TAG:
            raise ValueError(f"the tag {tag} is in {MOST_RULES_OF_A_TAG} rules already")
    _rules[arn] = properties
    return arn, {"Arn": arn, "Identifier": arn.rpartition("/")[2], "LockState": "unlocked"}
