"""`python -m ebs_backup_cli` is the command."""

from ebs_backup_cli.main import main

main()
