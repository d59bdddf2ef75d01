"""What `lenet evaluate` says of model.pth, and of the reference recipe when asked to train it."""

import json
import tempfile
from pathlib import Path

from benchmarks.report import percent, table
from benchmarks.timing import run_lenet, say

SPLITS, WAYS = ("validation", "test"), ("accuracy", "accuracy_at_slants")
GOALS = {"model.pth": 0.993, "reference": 0.98}


def measure(settings):
    models = {"model.pth": settings.model} | {file.name: file for file in settings.more_models}
    with tempfile.TemporaryDirectory() as folder:
        if settings.reference:
            say("  lenet train --recipe reference")
            models["reference"] = Path(folder) / "reference.pth"
            tiny = ["--epochs", "1"] if settings.quick else []
            run_lenet("train", "--recipe", "reference", "--out", models["reference"], *_data(settings), *tiny)
        return {"rows": [{"name": name, **evaluate(file, settings)} for name, file in models.items()]}


def evaluate(file, settings):
    """Return what ``lenet evaluate --json`` prints for the two splits."""
    results = {}
    for split in SPLITS:
        _, output = run_lenet("evaluate", "--model", file, "--split", split, "--json", *_data(settings))
        facts = json.loads(output)
        results["parameters"], results["data"] = facts["parameters"], facts["data"]
        results[split] = {name: facts[name] for name in ("images", "accuracy", "accuracy_at_slants", "loss")}
    say("  test accuracy {accuracy:.2%}, at slants {accuracy_at_slants:.2%}".format(**results["test"]))
    return results


def _data(settings):
    return ["--data", settings.data] if settings.data else []


def show(result):
    rows = []
    for row in result["rows"]:
        goal = GOALS.get(row["name"])
        reached = "reached" if goal and row["test"]["accuracy"] >= goal else "missed"
        rows.append(
            [
                row["name"],
                f"{row['parameters']:,}",
                *(percent(row[split][way]) for way in WAYS for split in SPLITS),
                f"{row['test']['loss']:.4f}",
                f"{goal:.1%}, {reached}" if goal else "–",
            ]
        )
    alike = [row for row in result["rows"] if row["name"] != "reference"]
    if len(alike) > 1:
        means = [percent(sum(row[split][way] for row in alike) / len(alike)) for way in WAYS for split in SPLITS]
        rows.append([f"mean of {', '.join(row['name'] for row in alike)}", "", *means, "", f"{GOALS['model.pth']:.1%}"])
    header = [
        "model",
        "parameters",
        *SPLITS,
        *(f"{split}, at slants" for split in SPLITS),
        "loss on test",
        "goal on test",
    ]
    return f"""
{table(header, rows)}

By `lenet evaluate --model FILE --split SPLIT`, on {result["rows"][0]["data"]}. "At slants" is
the same network reading each image at five slants and three sizes, as `predict` does; all else is each image read once.
"""
