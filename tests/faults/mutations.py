"""The ways in which `mutants` breaks the function: a text of its source, and what replaces it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One way to break the function: in each file of ebs_backup, `old` becomes `new`."""

    name: str
    edits: tuple[tuple[str, str, str], ...]


def mutant(name: str, *edits: tuple[str, str, str]) -> Mutant:
    """Name a mutant and its edits: file, old text, new text."""
    return Mutant(name=name, edits=edits)


ROTATION = (
    mutant(
        "every restore point is an occasion by itself",
        ("retention.py", "    if schedule == OFF:\n        return snapshot.started", "    if True:\n        return snapshot.started"),
    ),
    mutant(
        "the volume's newest goes",
        ("retention.py", "for occasion in sorted(by_occasion, reverse=True):", "for occasion in sorted(by_occasion):"),
    ),
    mutant(
        "a pending snapshot is as good as a completed one",
        ("retention.py", "if completed <= max(1, keep - 1) and any(", "if False and any("),
    ),
    mutant(
        "what EC2 may still change is deleted",
        ("retention.py", 'return "" if snapshot.state in (COMPLETED, ERROR) else', 'return "" if True else'),
    ),
    mutant(
        "error snapshots count as usable",
        ("model.py", "self.state in (COMPLETED, PENDING)", "self.state in (COMPLETED, PENDING, ERROR)"),
        ("backup.py", "removed = yield from as_far_as_it_goes(removing, patient=creation.blocked)", "removed: tuple[Decision, ...] | None = ()"),
    ),
    mutant(
        "a hold holds nothing",
        ("retention.py", "if snapshot.hold is None or snapshot.state == ERROR:", "if True:"),
    ),
    mutant(
        "snapshots of one run are duplicates however far apart",
        ("retention.py", "    if apart <= LONGEST_RUN:\n", "    if True:\n"),
    ),
    mutant(
        "no limit to what one run deletes",
        ("deletion.py", "if counts and len(going - staying) >= room:", "if False:"),
    ),
    mutant(
        "an occasion of which something stays counts",
        ("deletion.py", "len(going - staying) >= room", "len(going) >= room"),
    ),
    mutant(
        "a second delivery counts from zero",
        ("rotation.py", "min(len(self._older(decisions, made)) - made.older.stay, self.limit - freed)", "self.limit"),
    ),
    mutant(
        "a failed restore point keeps its number to itself",
        ("creation.py", "if handed_on := next(filter(None, mine), None):", "if (handed_on := next(filter(None, mine), None)) and not self.failed:"),
    ),
    mutant(
        "what somebody else deleted is told by nobody",
        ("vanished.py", "return max(0, expected - there)", "return 0"),
    ),
    mutant(
        "a listing that lags behind is a theft",
        ("run.py", "    if missing and not run.dry_run:\n", "    if False:\n"),
    ),
    mutant(
        "a retry forgets what had vanished",
        ("creation.py", "return replace(leaves, vanished=self.vanished)", "return leaves"),
    ),
    mutant(
        "what a lost run deleted has vanished",
        ("vanished.py", "        expected -= 1\n", "        pass\n"),
    ),
    mutant(
        "what has lost its tags has vanished",
        ("aws/convert.py", "if made and (made.volume_id", "if False and made and (made.volume_id"),
    ),
    mutant(
        "the loop stops at the first snapshot that cannot go",
        ("deletion.py", "            # A delete that was never answered may", "            if fate.fate is not Fate.EXPIRED:\n                break\n            # A delete that was never answered may"),
    ),
    mutant(
        "what was looked at again goes all the same",
        ("deletion.py", "if self._leaves_one(decision.snapshot):", "if False:"),
    ),
    mutant(
        "the last look comes before the wait for the delete's turn",
        (
            "aws/ec2.py",
            "        fault, unsure = None, False\n        while True:\n            yield from self._patience.turn(self._deletes, fault)\n            if not still_goes():\n                return None\n",
            "        fault, unsure = None, False\n        if not still_goes():\n            return None\n        while True:\n            yield from self._patience.turn(self._deletes, fault)\n",
        ),
    ),
    mutant(
        "what AWS keeps is a failed delete",
        ("deletion.py", "if error.kind is Kind.KEPT:", "if False:"),
    ),
    mutant(
        "what a volume that is gone has left goes at once",
        ("gone.py", "    return days is not None and run.time - max(snapshot.started for snapshot in held) > timedelta(days=days)\n", "    return True\n"),
        ("gone.py", "    if settings.expire_gone_after_days is None:\n        return {}, ()\n", ""),
    ),
    mutant(
        "a listing that lacks a volume is enough to delete its backups",
        ("gone.py", "for volume_id, held in old.items() if volume_id not in known}", "for volume_id, held in old.items()}"),
    ),
)  # fmt: skip
CREATION = (
    mutant(
        "what is known of a run is never too old",
        ("lookout.py", "FRESH = 9.0 ", "FRESH = 1e9 "),
    ),
    mutant(
        "volumes that were found fill the looks",
        ("backup.py", "        if made:\n            self.lookout.done(self.volume.id)\n", ""),
    ),
    mutant(
        "failed snapshots of another period stay",
        ("backup.py", "failed = discard_failed(self.held, ", "failed = discard_failed([snapshot for snapshot in self.held if snapshot.period == self.run.period], "),
    ),
    mutant(
        "rotation despite a failed create",
        (
            "backup.py",
            "        if outcome.made is not None:\n",
            (
                "        if outcome.made is None:\n"
                "            there = self.rotation.decide(tuple(self.deleter.there.values()))\n"
                "            yield from self.deleter.delete(there, room=2)\n"
                "        if outcome.made is not None:\n"
            ),
        ),
    ),
    mutant(
        "the loop stops at the first volume that fails",
        ("backup.py", "            return self._not_made(error)\n", "            raise\n"),
    ),
    mutant(
        "a volume waits for its own pending snapshot",
        ("aws/ec2.py", "if fault.code == CONCURRENT and blocked:", "if False:"),
        ("aws/patience.py", "unfinished = met.code != CONCURRENT", "unfinished = True"),
    ),
    mutant(
        "a create that answers error is a restore point",
        ("backup.py", "        if made.state == ERROR:\n", "        if False:\n"),
    ),
    mutant(
        "second tries without the copied tags never end",
        ("creation.py", "in_vain = self.second_tries.in_vain >= MOST_IN_VAIN", "in_vain = False"),
    ),
    mutant(
        "a tag by which a cluster's things are deleted is copied",
        ("tags.py", 'NOT_COPIED = ("aws:", TAG_PREFIX, *CLUSTERS)', 'NOT_COPIED = ("aws:", TAG_PREFIX)'),
    ),
    mutant(
        "a failed snapshot that is deleted late leaves its place empty",
        ("backup.py", "failure.code in (CONCURRENT, NO_ROOM) for", "failure.code == CONCURRENT for"),
    ),
    mutant(
        "a full region stays full",
        ("creation.py", "if error.code != NO_ROOM:", "if True:"),
    ),
    mutant(
        "a copied tag that a policy refuses costs the backup",
        ("creation.py", "if error.code not in TAG_REFUSALS or not copied or in_vain:", "if True:"),
    ),
    mutant(
        "a delete that was lost and then refused does not count",
        ("aws/ec2.py", "if unsure and fault.kind is Kind.REJECTED:", "if False:"),
    ),
    mutant(
        "another server's page is a success",
        ("aws/connection.py", 'metadata.get("HTTPStatusCode") == 200 and', "False and"),
    ),
    mutant(
        "a listing is tried again past the deadline",
        ("aws/ec2.py", "return False if self._clock() + LONGEST_PAUSE > deadline else None", "return None"),
    ),
    mutant(
        "a throttled write is a failure at once",
        ("aws/errors.py", "if code in WAIT_CODES or code.startswith(THROTTL):", "if False:"),
    ),
    mutant(
        "deletes take the threads from creates",
        ("backup.py", "        yield 0.0  # creates that wait", "        # creates that wait"),
    ),
)  # fmt: skip
RUN = (
    mutant(
        "a snapshot with our tags is ours, whoever made it",
        ("aws/convert.py", 'ours=names_source(tags.get(TAG_SOURCE, ""), raw["VolumeId"]),', "ours=True,"),
    ),
    mutant(
        "snapshots of every set are this set's",
        ("aws/ec2.py", 'self._snapshots({f"tag:{TAG_SET}": [backup_set]} | of_one)', "self._snapshots(of_one)"),
    ),
    mutant(
        "no paging of volumes",
        ("aws/ec2.py", 'return convert.rows(pages, "Volumes", lambda', 'return convert.rows(list(pages)[:1], "Volumes", lambda'),
    ),
    mutant(
        "no paging of snapshots",
        ("aws/ec2.py", 'convert.rows(pages, "Snapshots"', 'convert.rows(list(pages)[:1], "Snapshots"'),
    ),
    mutant(
        "a tag that only resembles the selector selects",
        ("selection.py", "if volume.tags.get(settings.tag_name) == settings.tag_value:", 'if _plain(volume.tags.get(settings.tag_name, "")) == _plain(settings.tag_value):'),
    ),
    mutant(
        "run identity ignored: any snapshot of the period will do",
        ("backup.py", "snapshot.period == self.run.period and snapshot.run == self.run.id", "snapshot.period == self.run.period"),
    ),
    mutant(
        "without the instances' names nothing is backed up",
        ("run.py", "    except AwsError as error:\n        failed", "    except KeyError as error:\n        failed"),
    ),
    mutant(
        "another server's page is a further invocation",
        ("aws/lambda_.py", 'if answer["StatusCode"] != QUEUED:', "if False:"),
    ),
    mutant(
        "a run that fails mails nothing",
        ("handler.py", "        _tell_broken(run, error)\n", ""),
    ),
    mutant(
        "a bad event is raised",
        ("handler.py", "return _refuse(error, context)", "raise"),
    ),
    mutant(
        "the time of an event may be any",
        ("handler.py", "        check_time(request, now=_now())\n", ""),
    ),
    mutant(
        "what an earlier invocation made is progress",
        ("event.py", "(made is not None and made.started >= since)", "made is not None"),
    ),
    mutant(
        "failed snapshots are told by nobody",
        ("outcome.py", "*(as_failure(failed) for failed in self.failed),", ""),
    ),
    mutant(
        "a failed snapshot of a volume that is gone is told by nobody",
        ("run.py", "        failed_elsewhere=tuple(_failed_elsewhere(chain(*held.values()), outcome, settings)),\n", ""),
    ),
    mutant(
        "snapshots without a run or a period are told by nobody",
        ("run.py", "        strays=tuple(snapshot for snapshot in left if not snapshot.known_period),\n", ""),
    ),
    mutant(
        "a volume that EC2 has lost is told by nobody",
        ("backup.py", "remarks=(problem(lost),))", "remarks=())"),
    ),
    mutant(
        "what is pending for weeks is told by nobody",
        ("freshness.py", "            if run.time - snapshot.started > limit:\n", "            if False:\n"),
    ),
    mutant(
        "what is pending for weeks is held",
        ("inventory.py", " and snapshot.id not in not_held", ""),
    ),
    mutant(
        "a period that is off is overdue",
        ("freshness.py", "for period in settings.periods:", "for period in Period:"),
    ),
    mutant(
        "an answer of megabytes goes into exceptions and mails",
        ("aws/errors.py", "_line(code, LONGEST_CODE), _line(message, LONGEST_MESSAGE)", "code, message"),
    ),
    mutant(
        "a run is counted before its mail",
        ("handler.py", "    if not run.dry_run:\n        if settings.report", "    if not run.dry_run:\n        measure(outcome)\n        if settings.report"),
    ),
    mutant(
        "a mail that was not sent is no matter",
        ("handler.py", "                _untold[_key(run)] = outcome\n                raise\n", "                pass\n"),
    ),
    mutant(
        "a retry forgets what the first try did",
        ("handler.py", "outcome.after(_untold.pop(_key(run), None))", "outcome.after(None)"),
    ),
)  # fmt: skip
CHECK = (
    mutant(
        "a check makes snapshots",
        ("aws/trial.py", "create_snapshot(**asked, DryRun=True)", "create_snapshot(**asked)"),
    ),
    mutant(
        "a check deletes snapshots",
        ("aws/trial.py", "delete_snapshot(SnapshotId=snapshot.id, DryRun=True)", "delete_snapshot(SnapshotId=snapshot.id)"),
    ),
    mutant(
        "a check queues an invocation",
        ("aws/lambda_.py", 'InvocationType="DryRun"', 'InvocationType="Event"'),
    ),
    mutant(
        "whatever EC2 says to a check is a yes",
        ("aws/trial.py", "if fault.code == ALLOWED:", "if True:"),
    ),
    mutant(
        "a check is a run",
        ("handler.py", "    if request.check:\n", "    if False:\n"),
    ),
    mutant(
        "a check that cannot be mailed is well",
        ("handler.py", "checked = checked.and_(not_done(MAIL, error))", "pass"),
    ),
)  # fmt: skip
LISTENERS = (
    mutant(
        "who listens is not known, and the run fails",
        ("listeners.py", "        )\n        return None", "        )\n        raise"),
    ),
    mutant(
        "another server's answer to who listens fails the run",
        ("aws/sns.py", "    except KeyError:  # so botocore", "    except ZeroDivisionError:  # so botocore"),
    ),
    mutant(
        "what is no number counts as nobody",
        ("aws/sns.py", "    if not (told.isascii() and told.isdecimal()):\n", "    if not told.isdecimal():\n        return 0\n    if False:\n"),
    ),
    mutant(
        "that nobody listens is no matter",
        ("listeners.py", "        if self.confirmed:\n", "        if True:\n"),
    ),
)  # fmt: skip
AGAIN = (
    mutant(
        "a failed snapshot is made a third time",
        ("remake.py", "if second := next((snapshot for snapshot in failed if snapshot.again), None):", "if second := None:"),
    ),
    mutant(
        "a restore point that the run has is made again",
        ("remake.py", "if made := next((snapshot for snapshot in self.there.values() if snapshot.usable), None):", "if made := None:"),
        ("remake.py", "failed=self.failed,\n            replaces", "failed=self.failed[:0],\n            replaces"),
        ("aws/ec2.py", "                if made := lookout.made(volume.id, now=look):", "                if made := None:"),
    ),
    mutant(
        "the new one does not hand on the number of the failed one",
        ("creation.py", "        if self.replaces:\n            return self.replaces.older\n", ""),
    ),
    mutant(
        "what was deleted for its place is forgotten by the retry",
        ("again.py", "if _counts(made) and made.usable", "if False"),
    ),
    mutant(
        "failed snapshots that another tool gave our tags are made again, too",
        ("again.py", "    return snapshot.ours and snapshot.known_period\n", "    return snapshot.known_period\n"),
    ),
    mutant(
        "what there was no time for does not come again",
        ("made_again.py", "if not unfinished.isdisjoint(message.snapshots)", "if False"),
    ),
    mutant(
        "a failed snapshot is deleted before it is told",
        ("handler.py", "            _tell(settings.topic_arn, render_again(again))\n", "            remove(ec2_, again)\n            _tell(settings.topic_arn, render_again(again))\n"),
        ("again.py", "if _counts(made) and made.usable", "if False"),
    ),
)  # fmt: skip
MUTANTS = (*ROTATION, *CREATION, *RUN, *CHECK, *AGAIN, *LISTENERS)
