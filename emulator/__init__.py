"""AWS on this machine for the demo and the end-to-end tests: ministack, with EBS and IAM made to behave as AWS's do.

Inside its process: `launch` starts ministack patched by `ebs` and `volumes` (EC2's ways), `direct` (snapshots are read
by the block), `authorization` (who may do what, as EC2 checks it), `schedule` (rules fire by the emulator's clock),
`function` (it has that clock, too), `mail` (SNS's limits, and mails that arrive) and `names` (no two alike). Outside:
`server` starts and stops it, `clock` moves its time, `failures` lets snapshots fail, `outbox` holds the mails, `cdk`
runs the CDK CLI against it, `judge` asks only its authorization, about any policy.
"""
