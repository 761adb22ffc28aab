"""The function: snapshots every tagged EBS volume, rotates the snapshots by keep-N, mails a report.

Read in the order of a run: `handler` (what Lambda calls), `event` (what was asked for), `run` (the run), `backup` (one
volume), `retention` (what goes, and why), `outcome` (what came of it). `aws` has what talks to AWS, `report` what is mailed.
"""

__version__ = "0.1.0"
