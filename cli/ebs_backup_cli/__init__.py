"""The operator's command `ebs-backup`: see, run, restore, verify, adopt and check, with the operator's own credentials.

*The core* is the function's own code, the package `ebs_backup`: it decides, here as in the function.
"""
