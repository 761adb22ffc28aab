"""Our own fake AWS over real HTTP: EC2's snapshots, SNS's mails and Lambda's queue, with AWS's limits and faults.

moto and ministack (`emulator/`) cannot lose an answer on the wire, kill the caller at a call, let listings lag, or
move the time; fault tests need all of these. It also answers for thousands of volumes fast enough to measure the
function, so the benchmarks use it as well: a process of its own, a real clock, latency, token buckets. Why we wrote
it, and how we know that it is right: docs/decisions/0015-a-fake-ec2-of-our-own.md.

`account` holds the state and EC2's rules, `query` and `answers` its protocol, `service` answers one request,
`wire` lists what can happen to it on the way, `server` serves HTTP. `limits` has EC2's numbers, also for `emulator/`.
"""
