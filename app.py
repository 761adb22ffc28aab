"""The CDK app: context -> settings -> one stack; nothing else."""

import os
import sys
from pathlib import Path

from aws_cdk import App, Environment

sys.path.insert(0, str(Path(__file__).parent / "lambda"))  # the function's source root holds the settings

from ebs_backup.settings import InvalidSettingsError
from infra.bundle import BundleError, bundle
from infra.context import settings_from
from infra.stack import BackupStack

app = App()
try:
    settings = settings_from(app.node.get_all_context(), region=os.environ.get("CDK_DEFAULT_REGION"))
    function = bundle()
except (InvalidSettingsError, BundleError) as error:
    sys.exit(f"ebs-backup: {error}")
BackupStack(
    app,
    f"ebs-backup-{settings.backup_set}",
    settings=settings,
    function=function,
    env=Environment(
        account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION")
    ),
)
app.synth()
