"""Why we accept a finding of cdk-nag: a written reason, beside the construct that it is about.

Synth does not need cdk-nag: the CDK keeps the reasons as metadata, and the tests run the rule packs.
"""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept these findings about a construct, each with its reason."""
    for finding, reason in reasons.items():
        Validations.of(scope).acknowledge(Acknowledgment(id=finding, reason=reason))


def wildcard(scope: IConstruct, resource: str) -> str:
    """Return cdk-nag's name of the finding about a resource with a `*` in it, with `<Name>` for a reference."""
    resolved = Stack.of(scope).resolve(resource)
    parts = [resolved] if isinstance(resolved, str) else resolved["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)
    return f"AwsSolutions-IAM5[Resource::{text}]"
