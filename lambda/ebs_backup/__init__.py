"""The function: snapshots every tagged EBS volume, rotates the snapshots by keep-N, mails a report.

Read in the order of a run: `handler` (what Lambda calls), `event` (what was asked for), `run` (the run), `backup` (one
volume), `retention` (what is deleted, and why), `outcome` (the result). `aws` talks to AWS, `report` writes the mail.
"""

__version__ = "0.1.0"
