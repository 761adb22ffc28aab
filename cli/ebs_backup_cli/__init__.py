"""The operator's command `ebs-backup`: see, run, restore, verify, adopt and check, with the operator's own credentials."""
