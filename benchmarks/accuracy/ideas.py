"""What each idea brings: shortened runs of BEST, built up and taken apart, judged on the validation split."""

from dataclasses import replace
from statistics import fmean, median

from benchmarks.report import new_figure, percent, table
from benchmarks.timing import say

BATCH = 128


def recipes(epochs):
    """Return the recipes to compare, by the name they have in the table.

    The first eight add one idea after the other and end with BEST; each of the others is
    BEST with one thing changed.
    """
    from lenet_helpers import BEST, Augmentation, Recipe

    best = replace(BEST, epochs=epochs)
    full = best.augmentation
    affine = Augmentation(full.rotation, full.scale, full.shear, full.shift)
    plain = Recipe("plain", epochs, BATCH, 0.005, schedule="one-cycle")
    moved = replace(plain, augmentation=affine)
    form = replace(moved, training_form=True, learning_rate=best.learning_rate)
    factored = replace(form, expansion=best.expansion)
    averaged = replace(factored, averaging=best.averaging)
    distorted = replace(averaged, augmentation=replace(full, stroke=0.0))
    stroked = replace(averaged, augmentation=full)
    wider = Augmentation(rotation=12, scale=0.15, shear=0.35, shift=1.5, distortion=0.6, stroke=0.6)
    return {
        "one-cycle alone": plain,
        "+ rotation, scale, shear, shift": moved,
        "+ normalised layers": form,
        "+ factored weights": factored,
        "+ averaged weights": averaged,
        "+ smooth distortion": distorted,
        "+ stroke width": stroked,
        "+ drawn forms = BEST": best,
        "BEST without normalised and factored layers": replace(best, training_form=False, learning_rate=0.005),
        "BEST without factored weights": replace(best, expansion=0),
        "BEST with a measured first layer": replace(best, measured_input=True),
        "BEST without averaged weights": replace(best, averaging=0.0),
        "BEST with smoothed labels": replace(best, label_smoothing=0.1),
        "BEST with shorter averages in Adam": replace(best, betas=(0.85, 0.98)),
        "BEST with batches of 64": replace(best, batch_size=64, learning_rate=0.01),
        "BEST with wider augmentation": replace(best, augmentation=wider),
    }


def measure(settings):
    mnist = settings.mnist()
    epochs = settings.size(settings.idea_epochs, 1)
    rows = []
    for name, recipe in list(recipes(epochs).items())[:: settings.size(1, 5)]:
        accuracies, losses = [], []
        for seed in settings.seeds[: settings.size(2, 1)]:
            record = last_record(mnist, replace(recipe, seed=seed))
            accuracies.append(record.validation_accuracy)
            losses.append(record.validation_loss)
        say(f"  {name}: {', '.join(map(percent, accuracies))}")
        rows.append({"name": name, "accuracies": accuracies, "losses": losses})
    return {"data": mnist.source, "images": len(mnist.validation), "epochs": epochs, "rows": rows}


def last_record(mnist, recipe):
    from lenet_helpers import LeNet, fit

    *_, record = fit(LeNet(seed=recipe.seed), mnist.train, mnist.validation, recipe)
    return record


def show(result):
    rows = []
    for row in result["rows"]:
        accuracies, loss = row["accuracies"], median(row["losses"])
        rows.append([row["name"], ", ".join(map(percent, accuracies)), percent(fmean(accuracies)), f"{loss:.4f}"])
    doubt = (0.01 * 0.99 / result["images"]) ** 0.5
    return f"""
{table(["recipe", "validation accuracy, by seed", "mean", "loss, median"], rows)}

{result["epochs"]} epochs each, on {result["data"]}. With {result["images"]:,} validation images, an accuracy near
99 % has a standard error of {100 * doubt:.2f} points, so only larger differences say something; the loss is finer.
BEST itself trains longer.
"""


def draw(result, path):
    figure, (ax,) = new_figure()
    rows = result["rows"][::-1]
    places = range(len(rows))
    for place, row in zip(places, rows, strict=True):
        ax.plot([100 * value for value in row["accuracies"]], [place] * len(row["accuracies"]), "o", color="C0")
    ax.set_yticks(places, [row["name"] for row in rows])
    ax.set(xlabel="validation accuracy, %")
    ax.grid(axis="x", linewidth=0.5)
    figure.savefig(path)
    return "Validation accuracy of each recipe, one point a seed"
