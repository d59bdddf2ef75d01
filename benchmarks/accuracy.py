"""What `lenet evaluate` says of model.pth, and of the reference recipe when asked to train it."""

import json
import tempfile
from pathlib import Path

from benchmarks.report import percent, table
from benchmarks.timing import run_lenet, say

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
    for split in ("validation", "test"):
        _, output = run_lenet("evaluate", "--model", file, "--split", split, "--json", *_data(settings))
        facts = json.loads(output)
        results["parameters"], results["data"] = facts["parameters"], facts["data"]
        results[split] = {"images": facts["images"], "accuracy": facts["accuracy"], "loss": facts["loss"]}
    say(f"  test accuracy {results['test']['accuracy']:.2%}")
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
                percent(row["validation"]["accuracy"]),
                percent(row["test"]["accuracy"]),
                f"{row['test']['loss']:.4f}",
                f"{goal:.1%}, {reached}" if goal else "–",
            ]
        )
    alike = [row for row in result["rows"] if row["name"] != "reference"]
    if len(alike) > 1:
        means = [percent(sum(row[split]["accuracy"] for row in alike) / len(alike)) for split in ("validation", "test")]
        rows.append([f"mean of {', '.join(row['name'] for row in alike)}", "", *means, "", f"{GOALS['model.pth']:.1%}"])
    header = ["model", "parameters", "validation", "test", "loss on test", "goal on test"]
    return f"""
{table(header, rows)}

By `lenet evaluate --model FILE --split SPLIT`, on {result["rows"][0]["data"]}.
"""
