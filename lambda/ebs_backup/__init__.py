"""The function: snapshots every tagged EBS volume, rotates the snapshots by keep-N, mails a report.

One module per step, in the order of a run: `handler` (what Lambda calls), `event` (what was asked for),
`run` (the run), `ec2` (the only module that knows EC2's names), `retention` (what goes, and why),
`report` and `mail` (what is mailed), over `model` (the data) and `settings` (what an operator may set).
"""
