"""The same tasks on the workers of a Dask cluster, which may be other computers.

Each worker needs this version of the course, its extras and a sandbox; the kit and the
submissions travel with the tasks. A worker that dies is replaced by the others.
"""

import warnings
from dataclasses import replace

from distributed import Client, as_completed

from lenet_helpers.grading.batch import attempt, failed
from lenet_helpers.grading.errors import GradingError

PATIENCE_SECONDS = 30
TRIES_AFTER_FAILURE = 2


def on_cluster(tasks, job, address, kit):
    """Yield the record of each task as it is done.

    Raises
    ------
    GradingError
        There is no scheduler at `address`, or it has no workers.
    """
    if not tasks:
        return
    try:
        client = Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GradingError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TimeoutError:
            raise GradingError(f"the scheduler at {address} has no workers: start some with dask worker") from None
        # To every worker, so that it is still there when one of them dies.
        shared = client.scatter(replace(job, kit=kit.packed()), broadcast=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # someone handed in 50 MB: it has to be sent
            futures = {
                client.submit(attempt, shared, task, pure=False, retries=TRIES_AFTER_FAILURE): task for task in tasks
            }
        for future in as_completed(list(futures), loop=client.loop):
            try:
                yield future.result()
            except Exception as error:  # the scheduler gave it up
                yield failed(futures[future], job, f"{type(error).__name__}: {error}")
