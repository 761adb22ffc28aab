"""The policy to run: what `run` and `check` call beside the policy to see, on this function and its log alone."""

import pytest

from tests.cli.backups import Backups, backups
from tests.cli.conftest import command
from tests.cli.real_function import function
from tests.infra.documents import ACCOUNT
from tests.infra.operators import (
    FUNCTION,
    RUN,
    SEE,
    VOLUME,
    Calls,
    actions,
    asker,
    calls,
    unnoticed,
    wrong,
)

__all__ = ["backups", "calls", "command", "function"]  # fixtures

LOG = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/ebs-backup-default"
ask = asker(SEE, RUN)
NEEDED = [
    ask("lambda:InvokeFunction", FUNCTION, {}),
    ask("logs:FilterLogEvents", LOG, {}),
]
REFUSED = [
    ask("lambda:InvokeFunction", FUNCTION.replace("ebs-backup-", "other-"), {}),
    ask("lambda:InvokeFunction", FUNCTION.replace("eu-west-1", "us-east-2"), {}),
    ask("lambda:UpdateFunctionCode", FUNCTION, {}),
    ask("logs:FilterLogEvents", LOG.replace("ebs-backup-", "other-"), {}),
    ask("logs:DeleteLogGroup", LOG, {}),
    ask("ec2:CreateSnapshot", VOLUME, {}),
]


@pytest.mark.usefixtures("function")
@pytest.mark.parametrize(
    ("words", "beside"),
    [
        (("run", "day"), {"lambda:InvokeFunction", "logs:FilterLogEvents"}),
        (("run", "day", "--volume", "web"), {"lambda:InvokeFunction", "logs:FilterLogEvents"}),
        (("run", "day", "--dry-run"), {"lambda:InvokeFunction"}),
        (("run", "day", "--no-wait"), {"lambda:InvokeFunction"}),
        (("check",), {"lambda:InvokeFunction"}),
    ],
    ids=lambda part: " ".join(part if isinstance(part, tuple) else sorted(part)),
)
def test_a_command_calls_what_it_allows_beside_the_policy_to_see(
    backups: Backups, calls: Calls, words: tuple[str, ...], beside: set[str]
) -> None:
    backups.make("web")
    calls.every.clear()

    done = backups.command(*words)

    assert done.status == 0, done.err
    assert calls.actions - actions(SEE) == beside
    assert beside <= actions(RUN)


def test_it_allows_what_is_needed_and_nothing_else() -> None:
    assert list(wrong(NEEDED, REFUSED)) == []
    assert actions(RUN) == {question.action for question in NEEDED}


def test_no_part_of_it_is_idle_or_wider_than_it_must_be() -> None:
    assert unnoticed(RUN, [SEE], NEEDED, REFUSED) == set()
