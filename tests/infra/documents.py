"""The policy documents of a synthesized template as IAM would see them: every reference resolved."""

from collections.abc import Iterator, Mapping
from typing import Any

from aws_cdk.assertions import Template

ACCOUNT, REGION = "111122223333", "eu-west-1"
Statement = dict[str, Any]
Policy = Mapping[str, Statement]  # the statements by Sid
_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}
_ARNS = {
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}",
    "AWS::Events::Rule": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{{}}",
}


def of_role(template: Template) -> Policy:
    """Return the statements of the role's policies by Sid; every one has one."""
    found = list(_statements(template, "AWS::IAM::Policy"))
    assert all("Sid" in statement for statement in found), found
    assert len({statement["Sid"] for statement in found}) == len(found), found
    return {statement["Sid"]: statement for statement in found}


def of_resources(template: Template) -> list[Statement]:
    """Return the statements of the policies that topics and queues have themselves."""
    return [
        *_statements(template, "AWS::SNS::TopicPolicy"),
        *_statements(template, "AWS::SQS::QueuePolicy"),
    ]


def _statements(template: Template, kind: str) -> Iterator[Statement]:
    types = {name: resource["Type"] for name, resource in template.to_json()["Resources"].items()}
    for policy in template.find_resources(kind).values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            whole = resolved(statement, types)
            for part in ("Action", "Resource"):
                whole[part] = whole[part] if isinstance(whole[part], list) else [whole[part]]
            yield whole


def resolved(value: Any, types: Mapping[str, str]) -> Any:  # noqa: ANN401 - any part of a template
    """Resolve Ref, Fn::GetAtt and Fn::Join; a resource's name is its logical id. Any other function is a KeyError."""
    if isinstance(value, list):
        return [resolved(part, types) for part in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        name = value["Ref"]
        return _PSEUDO.get(name) or (_ARNS[types[name]].format(name) if "SNS" in types[name] else name)
    if "Fn::GetAtt" in value:
        name, _ = value["Fn::GetAtt"]
        return _ARNS[types[name]].format(name)
    if "Fn::Join" in value:
        between, parts = value["Fn::Join"]
        return str(between).join(resolved(parts, types))
    return {key: resolved(part, types) for key, part in value.items()}
