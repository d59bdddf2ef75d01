"""The demos: from the command to a page that answers, from lifting the pen to the answer, and what a stroke sends."""

import importlib.util
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import duration, table, verdict
from benchmarks.timing import median, percentile, run_apart, say, seconds_of
from lenet_helpers.system.paths import COURSE


def measure(settings):
    strokes = settings.size(1000, 20)
    say("  in the kernel")
    kernel = run_apart(in_kernel, model=str(settings.model), strokes=strokes)
    sys.path.insert(0, str(COURSE / "tests" / "browser"))
    browser, page = in_browser(settings)
    return {"kernel": kernel, "browser": browser, "page": page, "bytes": bytes_of_strokes(), "samples": strokes}


def in_kernel(model, strokes):
    """Seconds from a message of the pad to the answer, with one thread; the message is handled as a real one is."""
    import torch

    from lenet_helpers import ImageClassifier, demos
    from lenet_helpers.drawing.strokes import sample_digit

    torch.set_num_threads(1)
    classifier = ImageClassifier(model, device="cpu")
    pad = demos.drawing_pad(classifier)
    layers = demos.layers(classifier)
    digits = [sample_digit(digit) for digit in range(10)]

    def times_of(demo, count):
        for digit in digits:
            demo.pad.set_state({"strokes": digit})  # the first ones fill caches
        times = []
        for number in range(count):
            message = {"strokes": digits[number % 10]}
            times.append(seconds_of(lambda message=message: demo.pad.set_state(message)))
        return times

    return {"pad": times_of(pad, strokes), "layers": times_of(layers, max(10, strokes // 5))}


def bytes_of_strokes():
    """Bytes of JSON for the stroke of each sample digit; the digits of two strokes count as one message."""
    from lenet_helpers.drawing.strokes import sample_digit

    return [len(json.dumps({"strokes": sample_digit(digit), "live": []}, separators=(",", ":"))) for digit in range(10)]


def chromium():
    """Where Chromium is; None where that or playwright is missing."""
    if importlib.util.find_spec("playwright") is None:
        return None
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def in_browser(settings):
    """Draw in Chromium, on the page of all demos and on the page to take home; None where it is missing.

    Returns the seconds to the first answer, those from pointer-up to each, and the bytes of the messages; then such
    seconds on the page to take home, as pairs of how much the processor is slowed down and of times.
    """
    path = chromium()
    if path is None:
        return None, []
    say("  in the browser")
    from browser_servers import demo_page, listens
    from playwright.sync_api import sync_playwright

    from lenet_helpers import load_model, take_home

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as run:
        browser = run.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            served = demo_page(Path(folder) / "home", "--model", str(settings.model), there=listens)
            with served as (address, listening):
                began = time.monotonic() - listening
                first_answer(browser, address)
                ready = time.monotonic() - began
                times, sizes = draw_digits(browser, address, ".lenet-page", ".lenet-pad", settings.size(10, 1))
            say("  on the page to take home")
            address = take_home(load_model(settings.model), Path(folder) / "page.html").as_uri()
            at_home = []
            for slower in (1, 6):
                rounds = settings.size(4, 1)
                at_home.append([slower, draw_digits(browser, address, "main", "[data-ready]", rounds, slower)[0]])
        finally:
            browser.close()
    return {"ready": ready, "times": times, "bytes": sizes}, at_home


# Runs in the page: from lifting the pen off the pad to the frame that shows the answer.
_CLOCK = """() => {
  window.waits = [];
  let lifted;
  addEventListener("pointerup", (event) => {
    if (event.target.matches(".lenet-pad canvas")) lifted = event.timeStamp;
  }, true);
  const reading = document.querySelector(".lenet-reading");
  new MutationObserver(() => {
    if (lifted === undefined || !Number(reading.dataset.serial)) return;
    const since = lifted;
    lifted = undefined;
    requestAnimationFrame(() => setTimeout(() => window.waits.push((performance.now() - since) / 1000)));
  }).observe(reading, { attributes: true, attributeFilter: ["data-serial"] });
}"""


def first_answer(browser, address):
    """Open the page as its first visitor, and press a sample digit; return when it has been read."""
    from browser_hands import Hand

    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(120_000)
    page.goto(address)
    hand = Hand(page, page.locator(".lenet-page"))
    hand.press("Sample digit 3")
    assert hand.read(1) == 3
    page.close()


def draw_digits(browser, address, place, ready, rounds, slower=1):
    """Draw the ten digits of the tests, so many times; return the waits and the bytes of each message to the kernel.

    Of a page, `place` holds pad and reading, and `ready` is there when one can begin.
    """
    from browser_hands import DIGITS, Hand

    page, sizes, drawn = browser.new_page(viewport={"width": 1280, "height": 800}), [], 0

    def note(socket):
        socket.on("framesent", lambda frame: sizes.append(len(frame)) if _is_stroke(frame) else None)

    page.on("websocket", note)
    page.goto(address)
    page.locator(f"{place} {ready} canvas").first.wait_for()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.evaluate(_CLOCK)
    hand = Hand(page, page.locator(place))
    for strokes in list(DIGITS.values()) * rounds:
        hand.press("Clear")
        hand.read(0)
        for number, stroke in enumerate(strokes, 1):
            drawn += 1
            hand.draw([stroke])
            hand.read(number)
            page.wait_for_function("drawn => window.waits.length === drawn", arg=drawn)
    return page.evaluate("window.waits"), sizes


def _is_stroke(frame):
    """Tell the message of a finished stroke from that of an unfinished one, and from all others."""
    if isinstance(frame, str):
        frame = frame.encode()
    return b'"points"' in frame and b'"live":[]' in frame.replace(b" ", b"")


def show(result):
    rows = [
        _row("stroke to answer, in the kernel, one thread", result["kernel"]["pad"], (0.010, 0.030)),
        _row("the same with all feature maps", result["kernel"]["layers"], (0.050, None)),
    ]
    browser = result["browser"]
    note = ""
    if browser is None:
        note = "There was no Chromium or no playwright, so nothing was measured in a browser."
    else:
        rows.append(_row("command to a page that has read a digit", [browser["ready"]], (10, None)))
        rows.append(_row("pointer-up to the painted answer, in the browser", browser["times"], (0.100, None)))
        for throttling, times in result["page"]:
            slower, goal = ("", 0.016) if throttling == 1 else (f", processor slowed down to 1/{throttling}", 0.050)
            rows.append(_row(f"the same on the page to take home{slower}", times, (goal, None)))
        note = (
            f"In the browser, a finished stroke was sent in {_bytes(browser['bytes'])}, with everything that Jupyter "
            "adds to a message."
        )
    return f"""
{table(["what", "p50", "p99", "goal"], rows)}

The strokes of a sample digit are {_bytes(result["bytes"])} of JSON. {note}
"""


def _row(name, times, goals):
    values = [median(times), percentile(times, 99)]
    said = [
        f"{label} {verdict(value, goal)}"
        for label, value, goal in zip(("p50", "p99"), values, goals, strict=True)
        if goal
    ]
    return [name, duration(values[0]), duration(values[1]) if len(times) >= 100 else "–", "; ".join(said)]


def _bytes(sizes):
    return f"{median(sizes):,.0f} bytes (at most {max(sizes):,})"
