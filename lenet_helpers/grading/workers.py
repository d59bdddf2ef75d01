"""Who marks the tasks: this process, several, or the workers of a Dask cluster, which may be other computers.

Each worker of a cluster needs this version of the course, its extras and a sandbox; the kit
and the submissions travel with the tasks. A worker that dies is replaced by the others.
"""

import concurrent.futures
import multiprocessing
import os
import re
import warnings
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.records import FAILED

MOST_TRIES = 2
"""So often a submission is given to a worker that does not come back."""

PATIENCE_SECONDS = 30
TRIES_AFTER_FAILURE = 2


def runner(workers, scheduler, kit):
    """Return what yields the records of tasks: a function of the tasks and the job."""
    if scheduler:
        return lambda tasks, job: on_cluster(tasks, job, scheduler, kit)
    if workers > 1:
        return lambda tasks, job: in_processes(tasks, job, workers)
    return serially


def serially(tasks, job):
    """Yield the record of each task, one after the other."""
    for task in tasks:
        yield attempt(job, task)


def attempt(job, task):
    """Mark a task; what goes wrong with the grading itself becomes its record, and the batch goes on."""
    try:
        return job(task)
    except Exception as error:
        return failed(task, job, f"{type(error).__name__}: {error}")


def failed(task, job, reason):
    """Return the record of a task that could not be marked, for no fault of its own."""
    reason = re.sub(r"\s+", " ", reason)[:500]
    return task.record(job, FAILED, reason)


def in_processes(tasks, job, workers):
    """Yield the record of each task as it is done, by so many processes.

    A worker that dies takes the others with it; what was not done yet is given to new ones.
    """
    waiting = [(task, 0) for task in tasks]
    context = multiprocessing.get_context("spawn")
    while waiting:
        pool = concurrent.futures.ProcessPoolExecutor(
            min(workers, len(waiting)), mp_context=context, initializer=_compute_with_one_thread
        )
        futures = {pool.submit(attempt, job, task): (task, tries) for task, tries in waiting}
        waiting = []
        try:
            for future in concurrent.futures.as_completed(futures):
                task, tries = futures[future]
                try:
                    yield future.result()
                except BrokenProcessPool:
                    if tries + 1 < MOST_TRIES:
                        waiting.append((task, tries + 1))
                    else:
                        yield failed(task, job, "the process that marked it died")
        except BaseException:
            for process in list((pool._processes or {}).values()):  # or they would finish what they have begun
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _compute_with_one_thread():
    """Unless somebody chose: threads of torch wait for each other where several processes share the cores."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # which torch reads at its import; Dask has set it


def on_cluster(tasks, job, address, kit):
    """Yield the record of each task as it is done by the workers of the scheduler at `address`."""
    from distributed import (  # a second to import, and an extra: only who names a scheduler has it
        CancelledError,
        Client,
        as_completed,
    )

    if not tasks:
        return
    try:
        client = Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GradingError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        lost = list(tasks)
        for _ in range(MOST_TRIES):
            tasks, lost = lost, []
            try:
                client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
            except TimeoutError:
                raise GradingError(f"the scheduler at {address} has no workers: start some with dask worker") from None
            # To every worker, so that it is still there when one dies; those that come later have it from these.
            shared = client.scatter(replace(job, kit=kit.packed()), broadcast=True, hash=False)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Sending large graph")  # someone handed in 50 MB: it has to be sent
                futures = {
                    client.submit(attempt, shared, task, pure=False, retries=TRIES_AFTER_FAILURE): task
                    for task in tasks
                }
            for future in as_completed(list(futures), loop=client.loop):
                try:
                    yield future.result()
                except CancelledError:  # with the last worker that had the kit, all are lost that were not done
                    lost.append(futures[future])
                except Exception as error:  # the scheduler gave it up
                    yield failed(futures[future], job, f"{type(error).__name__}: {error}")
            if not lost:
                return
        for task in lost:
            yield failed(task, job, "the workers that marked it died")
