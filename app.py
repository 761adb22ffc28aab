"""The CDK app: reads settings.toml and `-c`, and makes one stack for each backup set and region; nothing else."""

import os
import sys
from pathlib import Path

# Before the CDK starts Node: a page about the end of Node 20 would hide the one line of a refusal.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

from aws_cdk import App

sys.path.insert(0, str(Path(__file__).parent / "lambda"))  # the function's source root holds the settings

from infra.bundle import BundleError, bundle
from infra.settings.source import SettingsError, read
from infra.settings.targets import targets
from infra.stack import BackupStack

app = App()
try:
    source = read(app.node.get_all_context(), Path(__file__).parent)
    planned = targets(source, region=os.environ.get("CDK_DEFAULT_REGION"))
    function = bundle()
except (SettingsError, BundleError) as error:
    sys.exit(f"ebs-backup: {error}")
for target in planned:
    BackupStack(app, target, function=function, account=os.environ.get("CDK_DEFAULT_ACCOUNT"))
app.synth()
