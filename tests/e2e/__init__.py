"""The whole path: the CDK app deployed by the CDK CLI into the emulator, its rules, its function, its mails."""
