"""One epoch at batch 64, same network, same optimiser: what the resident tensors bring, and what is left."""

from contextlib import contextmanager
from dataclasses import replace

from benchmarks.accuracy import original
from benchmarks.report import duration, new_figure, ratio, spread, table
from benchmarks.timing import alternate, median, say, seconds_of

PASSES = 3
"""Forward, gradient of the weights, gradient of the inputs: each as many multiply-adds as the first."""


def measure(settings):
    import torch

    mnist = settings.mnist()
    default = torch.get_num_threads()
    runs = {
        "original": lambda: original_epoch(mnist, default),
        "original, 1 thread": lambda: original_epoch(mnist, 1),
        "ours": lambda: our_epoch(mnist),
        f"ours, {default} threads": lambda: our_epoch(mnist, default),
    }
    seconds = alternate(runs, settings.size(3, 1))
    say("  matrix product")
    side = settings.size(2048, 256)
    return {
        "data": mnist.source,
        "images": len(mnist.train),
        "default_threads": default,
        "multiply_adds": multiply_adds(),
        "seconds": seconds,
        "rates": {str(threads): multiplication_rate(threads, side) for threads in sorted({1, default})},
    }


def original_epoch(mnist, threads):
    """Return the seconds of one epoch of the original way."""
    with torch_threads(threads):
        return original.run_epoch(*original.make(mnist.train))


def our_epoch(mnist, threads=None):
    """Return the seconds of one epoch of `fit`, without the validation, as for the original."""
    from lenet_helpers import REFERENCE, LeNet, fit

    recipe = replace(REFERENCE, epochs=1)
    return next(fit(LeNet(seed=0), mnist.train, mnist.validation, recipe, device="cpu", threads=threads)).seconds


def multiply_adds():
    """Return the multiply-adds of one image, forward."""
    import torch

    from lenet_helpers import LeNet, trace

    return sum(layer.multiply_adds for layer in trace(LeNet(seed=0), torch.zeros(1, 1, 28, 28)))


def multiplication_rate(threads, side, repeats=9):
    """Return the float32 operations a second of a product of two square matrices."""
    import torch

    a, b = torch.ones(side, side), torch.ones(side, side)
    with torch_threads(threads):
        torch.mm(a, b)  # the first one also sets things up
        return 2 * side**3 / median([seconds_of(lambda: torch.mm(a, b)) for _ in range(repeats)])


def limit(result, threads):
    """Return the seconds that the arithmetic of one epoch takes at the rate of a matrix product."""
    return result["images"] * result["multiply_adds"] * 2 * PASSES / result["rates"][str(threads)]


@contextmanager
def torch_threads(threads):
    """Compute with so many threads; afterwards with as many as before."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def show(result):
    default, seconds = result["default_threads"], result["seconds"]
    slowest = median(seconds["original"])
    best_limit = limit(result, default)
    rows = [
        [name, spread(values), ratio(slowest / median(values)), ratio(median(values) / best_limit)]
        for name, values in seconds.items()
    ]
    rows += [
        [f"arithmetic limit, {threads} thread{'s'[: int(threads) > 1]}", duration(limit(result, threads)), "–", "–"]
        for threads in result["rates"]
    ]
    best_original = min(median(seconds[name]) for name in seconds if name.startswith("original"))
    best_ours = min(median(seconds[name]) for name in seconds if name.startswith("ours"))
    rates = " and ".join(f"{rate / 1e9:.0f} ({threads})" for threads, rate in result["rates"].items())
    return f"""
{table(["way", "seconds an epoch", "original ÷ this", "this ÷ limit"], rows)}

{result["images"]:,} images ({result["data"]}), Adam, no augmentation. "ours" chooses the number of threads by the
course's rule; the original has torch's own choice ({default}). With the better number of threads for each, ours is
{ratio(best_original / best_ours)} as fast.

The limit is {result["images"]:,} images × {result["multiply_adds"]:,} multiply-adds × 2 × {PASSES} ÷ the rate of a
large float32 matrix product in the same run: {rates} GFLOP/s (threads).
The first layer needs no gradient of its inputs, so the true count is a little lower.
"""


def draw(result, path):
    figure, (ax,) = new_figure()
    bars = {name: median(values) for name, values in result["seconds"].items()}
    bars[f"arithmetic limit, {result['default_threads']} threads"] = limit(result, result["default_threads"])
    names = list(bars)[::-1]
    drawn = ax.barh(names, [bars[name] for name in names], color=["C7", "C1", "C1", "C0", "C0"])
    ax.bar_label(drawn, [duration(bars[name]) for name in names], padding=3)
    ax.set(xlabel="seconds an epoch")
    ax.margins(x=0.12)
    figure.savefig(path)
    return "Seconds an epoch at batch 64: " + ", ".join(f"{name} {duration(value)}" for name, value in bars.items())
