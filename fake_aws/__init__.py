"""An AWS of our own over real HTTP: EC2's snapshots, SNS's mails and Lambda's queue, with AWS's limits and faults.

One implementation for two uses: the benchmark (a process of its own, a real clock, latency, token buckets) and
`tests/faults` (a thread, a virtual clock, faults on the wire).

`account` holds the state and EC2's rules, `query` and `answers` its protocol, `service` answers one request,
`wire` says what may become of it on the way, `server` speaks HTTP.
"""
