"""Why a finding of cdk-nag stands: a written reason, beside the construct that it is about.

Nothing of cdk-nag is needed to synthesize: the CDK keeps the reasons as metadata, and the tests run the packs.
"""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Take these findings about a construct for good, each for its reason."""
    for finding, reason in reasons.items():
        Validations.of(scope).acknowledge(Acknowledgment(id=finding, reason=reason))


def wildcard(scope: IConstruct, resource: str) -> str:
    """Name the finding of a policy's resource with a `*` in it, as cdk-nag writes it: `<Name>` for a reference."""
    resolved = Stack.of(scope).resolve(resource)
    parts = [resolved] if isinstance(resolved, str) else resolved["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)
    return f"AwsSolutions-IAM5[Resource::{text}]"
