"""What a deploy prints: names, the commands for a dry run and a run of each period, the dashboard's address."""

from aws_cdk import CfnOutput, Stack

from infra import dashboard
from infra.commands import invoke
from infra.settings.stack_settings import StackSettings


def outputs(stack: Stack, settings: StackSettings, **names: str) -> None:
    """Create outputs with these names, then those with commands that are ready to paste."""
    events: dict[str, dict[str, object]] = {
        "DryRun": {"period": settings.periods[0].value, "dry_run": True},
        **{f"Run{period.capitalize()}": {"period": period.value} for period in settings.periods},
    }
    commands = {
        name: invoke(region=stack.region, function=settings.function_name, event=event)
        for name, event in events.items()
    }
    board = {"DashboardUrl": dashboard.address(stack, settings)} if settings.dashboard else {}
    for name, value in (names | commands | board).items():
        CfnOutput(stack, name, value=value)
