"""The parts of the demos alone, on a page without a server: what a kernel would hold is held by a few lines here."""

import base64

import numpy as np
import pytest
from browser_hands import Hand
from browser_tab import serious_problems, watched

from lenet_helpers import LeNet
from lenet_helpers.demos.live.convolution import Convolution
from lenet_helpers.demos.live.one_step import OneStep
from lenet_helpers.demos.live.parts import STATIC, png_of
from lenet_helpers.demos.take_home import inlined
from lenet_helpers.drawing.strokes import WIDTHS

PAGE = "data:text/html,<!doctype html><title>parts</title><body></body>"

MAKE = """async ([code, style, values, attached]) => {
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const part = (await import(url)).default;
    document.adoptedStyleSheets = [new CSSStyleSheet()];
    document.adoptedStyleSheets[0].replaceSync(style);
    window.bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    const binary = ["png", "pixels", "answers", "falls", "covered"];
    for (const some of [values, values.reading ?? {}]) {
        for (const name of binary) if (name in some) some[name] = bytes(some[name]);
    }
    const heard = {};
    window.values = values;
    window.change = (name, value) => { values[name] = value; heard[`change:${name}`]?.(); };
    window.sent = [];
    window.tell = (...message) => heard["msg:custom"](...message);
    const model = {
        get: (name) => values[name],
        set: (name, value) => { values[name] = value; },
        on: (names, call) => names.split(" ").forEach((name) => (heard[name] = call)),
        off() {}, save_changes() {}, send: (content) => sent.push(content),
    };
    window.el = document.createElement("div");
    if (attached) document.body.replaceChildren(el);
    part.render({ model, el });
    return el.innerHTML;
}"""


def make(page, name, attached=True, **values):
    """Render a part, and return its HTML; its traits are then ``values`` of the page, its element is ``el``."""
    return page.evaluate(MAKE, [inlined(f"{name}.js"), (STATIC / "demos.css").read_text(), values, attached])


def png(side, gray):
    return base64.b64encode(png_of(np.full((side, side), gray, np.uint8))).decode()


@pytest.fixture(scope="module")
def page(chromium):
    """A page of no host, which the browser allows no memory, as where cookies are blocked."""
    with watched(chromium, has_touch=True) as page:
        page.goto(PAGE)
        yield page


# --- pictures


def picture(page, attached):
    """A picture that has loaded; return what it was before."""
    traits = {"alt": "A digit", "caption": "A caption", "width": 10, "pixelated": True}
    at_first = make(page, "picture", attached, png=png(28, 90), **traits)
    page.wait_for_function("el.querySelector('img')")
    return at_first


@pytest.mark.parametrize("attached", [True, False])
def test_a_picture_has_its_size_also_when_it_was_made_outside_the_page(page, attached):
    at_first = picture(page, attached)
    assert "<img" not in at_first, "with an alt and nothing to show, Chromium may never lay it out"
    page.evaluate("document.body.replaceChildren(el)")
    box = page.get_by_role("img", name="A digit").bounding_box()
    assert box["width"] == box["height"] == 140  # 10 em of 14 pixels


def test_a_new_picture_takes_the_place_of_the_old_one_and_none_leaves_none(page):
    picture(page, True)
    new = png(14, 200)
    page.evaluate(
        """png => { change("alt", "Another"); change("png",
        new DataView(Uint8Array.from(atob(png), (c) => c.charCodeAt(0)).buffer)); }""",
        new,
    )
    page.wait_for_function("el.querySelector('img').naturalWidth === 14")
    assert page.get_by_role("img").count() == 1 and page.get_by_role("img", name="Another").is_visible()
    page.evaluate("change('png', new DataView(new ArrayBuffer(0)))")
    assert page.get_by_role("img").count() == 0 and page.get_by_text("A caption").is_visible()


# --- where it looks


def base64_of(values, kind):
    return base64.b64encode(np.asarray(values, kind).tobytes()).decode()


def test_pointing_at_a_place_of_the_digit_covers_it_and_the_bars_say_what_is_read_then(page):
    falls, covered = np.zeros((28, 28)), np.full((28, 28, 10), 0.01)
    covered[..., 3], falls[5, 20] = 0.91, 0.8
    covered[5, 20, [3, 8]] = 0.11, 0.81
    reading = {"digit": 3, "probabilities": [0.9 if digit == 3 else 0.01 for digit in range(10)], "patch": 7}
    reading["pixels"] = base64_of(np.zeros((28, 28)), np.uint8)
    looked = {**reading, "falls": base64_of(falls, "<f4"), "covered": base64_of(covered, "<f4")}
    make(page, "reading", reading=looked)
    canvas, eight = page.locator(".lenet-seen canvas"), page.get_by_role("meter", name="Probability of 8")
    red, green, blue = canvas.evaluate("each => [...each.getContext('2d').getImageData(20, 5, 1, 1).data].slice(0, 3)")
    assert red > green + 50 > blue + 100, "orange"
    assert "row 6, column 21 of 28" in canvas.get_attribute("aria-label")
    box = canvas.bounding_box()
    at = [
        box[start] + (place + 0.5) / 28 * box[length]
        for start, length, place in (("x", "width", 20), ("y", "height", 5))
    ]
    page.mouse.move(*at)
    page.get_by_text("✗ Covered here, it reads 8: 81.0 %.").wait_for()
    assert eight.get_attribute("aria-valuenow") == "81.0"
    page.mouse.move(0, 0)
    page.get_by_text("Point at a place").wait_for()
    assert eight.get_attribute("aria-valuenow") == "1.0"
    page.touchscreen.tap(*at)
    page.get_by_text("✗ Covered here, it reads 8").wait_for()
    page.keyboard.press("Escape")
    canvas.focus()
    page.keyboard.press("ArrowUp")
    page.get_by_text("Covered here, it still reads 3: 91.0 %.").wait_for()
    make(page, "reading", reading=reading)
    assert canvas.get_attribute("tabindex") is None and not page.get_by_text("Point at a place").is_visible()
    page.mouse.move(*at)
    assert eight.get_attribute("aria-valuenow") == "1.0"


# --- training


def test_the_lines_grow_on_axes_that_stay_and_a_view_asks_for_what_it_missed(page):
    make(page, "losses", steps=10, epochs=2, limits=[0.01, 10], window=50, validation=[])
    axes = "[...el.querySelectorAll('text')].map((each) => each.outerHTML).join()"
    line = "el.querySelector('path.lenet-each').getAttribute('d').match(/[ML]/g)?.join('') ?? ''"
    page.wait_for_function("el.querySelector('path')")  # once the page is laid out
    assert page.get_by_text("epochs", exact=True).is_visible(), "how long they are is known once there are steps"
    tell = "([first, text]) => tell({ first }, [bytes(text)])"
    page.evaluate(tell, [0, base64_of([2.3, 2.3, 50.0, 9.0], "<f4")])
    assert page.get_by_text("epochs (5 steps each)").is_visible()
    before = page.evaluate(axes)
    page.evaluate(tell, [2, base64_of([np.nan, 5.0, 0.5, 3.0, 0.4, 2.0], "<f4")])
    assert page.evaluate(line) == "MLML", "a loss that is no number leaves a gap"
    assert page.evaluate(axes) == before
    page.get_by_role("img", name="After step 5 of 10 the mean is 2.000").wait_for()
    assert page.evaluate("sent.splice(0).length") == 1, "when it opens, it asks for all"
    page.evaluate(tell, [7, base64_of([1.0, 1.0], "<f4")])
    assert page.evaluate("sent.length") == 1 and page.evaluate(line) == "MLML"
    page.evaluate("change('validation', [0.25])")
    assert page.locator("rect.lenet-validation").count() == 1


def test_a_digit_that_is_learnt_leaves_and_pointing_says_how_it_is_read(page):
    digits = np.zeros((4, 28, 28), np.uint8)
    digits[:, 4:16, 4:16] = 255
    make(page, "watched", pixels=base64_of(digits, np.uint8), labels=[0, 0, 1, 1], columns=2, answers="")
    canvas = page.locator(".lenet-watched canvas")
    dark = """canvas => [0, 1, 2, 3].map((at) => {
        const { data } = canvas.getContext("2d").getImageData(56 * (at % 2), 56 * (at >> 1), 56, 56);
        return data.filter((value, i) => i % 4 === 0 && value < 50).length > 300;
    })"""
    assert canvas.evaluate(dark) == [True] * 4
    page.evaluate("text => change('answers', bytes(text))", base64_of([0, 7, 1, 1], np.uint8))
    assert canvas.evaluate(dark) == [False, True, False, False]
    page.get_by_text("1 of 4 validation digits are misread").wait_for()
    canvas.focus()
    page.keyboard.press("ArrowDown")  # the first one
    page.get_by_text("This is a 0: it is read rightly.").wait_for()
    assert canvas.evaluate(dark) == [True, True, False, False], "the chosen one is shown"
    page.keyboard.press("ArrowRight")
    page.get_by_text("✗ This is a 0: it is read as 7.").wait_for()
    box = canvas.bounding_box()
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    page.get_by_text("This is a 1: it is read rightly.").wait_for()
    page.evaluate("text => change('answers', bytes(text))", base64_of([0, 0, 9, 1], np.uint8))
    page.get_by_text("✗ This is a 1: it is read as 9.").wait_for()


# --- the pad


@pytest.fixture
def pad(page):
    samples = {"1": [{"points": [500, 100, 500, 900]}]}
    make(page, "pad", strokes=[], live=[], widths=WIDTHS, brush=WIDTHS["medium"], samples=samples, size=25, keep="pad")
    return page.locator(".lenet-pad canvas")


class Pointers:
    """A pen, and fingers or a palm, on one pad at the same time; places in thousandths of the pad."""

    def __init__(self, page, canvas):
        self.send = page.context.new_cdp_session(page).send
        self.box = canvas.bounding_box()

    def at(self, x, y):
        return {"x": self.box["x"] + x * self.box["width"] / 1000, "y": self.box["y"] + y * self.box["height"] / 1000}

    def pen(self, kind, x, y):
        pressed = {"button": "left", "buttons": int(kind != "mouseReleased"), "clickCount": 1, "pointerType": "pen"}
        self.send("Input.dispatchMouseEvent", {"type": kind, **pressed, **self.at(x, y)})

    def touch(self, kind, *places):
        points = [{**self.at(x, y), "id": number} for number, (x, y) in enumerate(places)]
        self.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def corners(stroke):
    """Of the box round a stroke: left, top, right, bottom."""
    xs, ys = stroke["points"][::2], stroke["points"][1::2]
    return [min(xs), min(ys), max(xs), max(ys)]


def assert_near(found, expected):
    assert np.abs(np.subtract(found, expected)).max() < 8, found


def test_a_palm_neither_adds_to_the_stroke_of_the_pen_nor_ends_it(page, pad):
    hands = Pointers(page, pad)
    hands.pen("mousePressed", 200, 200)
    hands.pen("mouseMoved", 250, 250)
    hands.touch("touchStart", (900, 900))
    hands.touch("touchMove", (940, 930))
    hands.pen("mouseMoved", 300, 320)
    hands.touch("touchEnd")
    hands.pen("mouseMoved", 400, 400)
    hands.pen("mouseReleased", 400, 400)
    (stroke,) = page.evaluate("values.strokes")
    assert_near(corners(stroke), [200, 200, 400, 400])


def test_the_pen_draws_where_a_palm_already_rests(page, pad):
    hands = Pointers(page, pad)
    hands.touch("touchStart", (900, 900))
    hands.touch("touchMove", (940, 930))
    hands.pen("mousePressed", 200, 200)
    hands.touch("touchMove", (900, 940))
    hands.pen("mouseMoved", 400, 400)
    hands.pen("mouseReleased", 400, 400)
    hands.touch("touchEnd")
    (stroke,) = page.evaluate("values.strokes")
    assert_near(corners(stroke), [200, 200, 400, 400])


def test_a_second_finger_neither_adds_to_the_stroke_nor_ends_it(page, pad):
    hands = Pointers(page, pad)
    hands.touch("touchStart", (200, 200))
    hands.touch("touchStart", (200, 200), (800, 800))
    hands.touch("touchMove", (300, 300), (900, 900))
    hands.touch("touchMove", (400, 420))  # the second is lifted
    hands.touch("touchEnd")
    (stroke,) = page.evaluate("values.strokes")
    assert_near(corners(stroke), [200, 200, 400, 420])


def test_blocked_cookies_do_not_stop_the_ink(page, pad):
    with pytest.raises(Exception, match="SecurityError"):
        page.evaluate("sessionStorage")
    hand = Hand(page, page.locator("body"))
    hand.draw([[(200, 200), (800, 800)]])
    assert len(page.evaluate("values.strokes")) == 1 and hand.ink() > 1000
    hand.press("Undo")
    assert page.evaluate("values.strokes") == [] and hand.ink() == 0


def test_what_is_kept_and_damaged_does_not_stop_the_ink(page):
    damaged = "{ configurable: true, value: { getItem: () => '[{' } }"
    page.evaluate(f"Object.defineProperty(window, 'sessionStorage', {damaged})")
    make(page, "pad", strokes=[], live=[], widths=WIDTHS, brush=50, samples={}, size=25, keep="pad")
    Hand(page, page.locator("body")).draw([[(200, 200), (800, 800)]])
    assert len(page.evaluate("values.strokes")) == 1
    page.evaluate("delete window.sessionStorage")


@pytest.mark.parametrize("width", [320, 390, 1366])
def test_the_pad_fits_and_is_square(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    make(page, "pad", strokes=[], live=[], widths=WIDTHS, brush=50, samples={}, size=25, keep="")
    box = page.locator(".lenet-pad canvas").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert abs(box["width"] - box["height"]) < 1 and box["width"] > 0.85 * min(width, 350)
    page.set_viewport_size({"width": 1280, "height": 800})


# --- matrix and upload


@pytest.mark.parametrize("width", [320, 390, 1366])
def test_the_matrix_is_whole_with_counts_of_four_digits(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    table = {"counts": [[1135] * 10] * 10, "colours": [["#fff"] * 10] * 10, "light": [[False] * 10] * 10}
    make(page, "matrix", table=table, chosen=[9, 9])
    assert page.get_by_role("button").count() == 100
    cut = page.evaluate("""() => [...el.querySelectorAll("th, td, button")].filter((each) =>
        each.getBoundingClientRect().right > innerWidth || each.scrollWidth > each.clientWidth + 1).length""")
    assert cut == 0
    page.set_viewport_size({"width": 1280, "height": 800})


def test_the_same_file_can_be_uploaded_twice(page, tmp_path):
    (tmp_path / "seven.png").write_bytes(b"7" * 50)
    make(page, "upload", value=[])
    button = page.get_by_role("button", name="Upload a picture", exact=True)
    times = []
    for _ in range(2):
        with page.expect_file_chooser() as chooser:
            button.click()
        chooser.value.set_files(tmp_path / "seven.png")
        page.wait_for_function("at => values.value[0]?.at > at", arg=times[-1] if times else 0)
        times.append(page.evaluate("values.value[0].at"))
        assert page.evaluate("[...new Uint8Array(values.value[0].content.buffer)]") == [ord("7")] * 50


# --- convolution


@pytest.fixture(scope="module")
def convolved():
    """A demo whose traits the page has, and which says what the output is: by torch."""
    return Convolution()


def make_convolution(page):
    demo = Convolution()
    traits = ("digits", "kernels", "digit", "kernel", "stride", "padding")
    make(page, "convolution", **{name: getattr(demo, name) for name in traits})


@pytest.fixture
def touched(page):
    make_convolution(page)
    return page.get_by_role("application", name="The output")


def told(page, convolved):
    """The sum that the page shows, its place in the output, and what Python makes of the page's kernel there."""
    for name in ("digit", "kernel", "stride", "padding"):
        setattr(convolved, name, page.evaluate(f"values.{name}"))
    row, column = map(int, page.locator("canvas[data-place]").get_attribute("data-place").split(","))
    total = float(page.locator(".lenet-total strong").inner_text().replace("−", "-"))
    assert f"output[{row}, {column}]" in page.locator(".lenet-total").inner_text()
    return total, (row, column), convolved.output[row, column]


def middle_of(canvas, row, column, side):
    """Where a number of a map is on the page."""
    box = canvas.bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / side, box["y"] + (row + 0.5) * box["height"] / side


def test_it_begins_at_the_strongest_answer(page, touched, convolved):
    total, _, expected = told(page, convolved)
    assert total == pytest.approx(expected, abs=0.006) and expected == convolved.output.max()


@pytest.mark.parametrize("hand", ["mouse", "finger", "keys", "buttons"])
def test_every_hand_moves_the_window(page, touched, convolved, hand):
    _, (row, column), _ = told(page, convolved)
    if hand == "mouse":
        page.mouse.move(*middle_of(touched, 7, 11, 26))
        wanted = 7, 11
    elif hand == "finger":
        page.touchscreen.tap(*middle_of(touched, 3, 5, 26))
        wanted = 3, 5
    elif hand == "keys":
        touched.focus()
        for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):
            page.keyboard.press(key)
        wanted = row - 1, column - 2
    else:
        page.get_by_role("button", name="Up").click()
        page.get_by_role("button", name="Right").click()
        wanted = row - 1, column + 1
    total, place, expected = told(page, convolved)
    assert place == wanted and total == pytest.approx(expected, abs=0.006)


def test_the_window_stays_on_the_picture(page, touched, convolved):
    touched.focus()
    for key in ("ArrowDown", "ArrowRight"):
        for _ in range(26):
            page.keyboard.press(key)
    assert told(page, convolved)[1] == (25, 25)


def test_a_pixel_of_the_input_is_the_middle_of_its_window(page, touched, convolved):
    page.mouse.move(*middle_of(page.get_by_role("img", name="The input"), 10, 20, 28))
    assert told(page, convolved)[1] == (9, 19)


@pytest.mark.parametrize("finger", [False, True])
def test_a_cell_shows_its_product(page, touched, finger):
    cells = page.locator("td[data-cell='7']")
    if finger:
        cells.nth(0).tap()
    else:
        cells.nth(0).hover()
    window, _, product = (cell.inner_text() for cell in cells.all())
    kernel = page.get_by_label("Kernel, row 2, column 1").input_value()
    assert page.get_by_text(f"{window} × {kernel} = {product}").is_visible()
    assert page.locator("td.lenet-chosen").count() == 3


def test_a_number_of_the_kernel_is_changed_by_keys_and_reset(page, touched, convolved):
    field = page.get_by_label("Kernel, row 1, column 1")
    field.press("ArrowUp")
    field.press("ArrowUp")
    kernel = page.evaluate("values.kernel")
    assert kernel[1][1] == pytest.approx(0.2) and page.get_by_label("Kernel", exact=True).input_value() == "your own"
    total, _, expected = told(page, convolved)
    assert total == pytest.approx(expected, abs=0.006)
    field.fill("-2.5")
    total, _, expected = told(page, convolved)
    assert page.evaluate("values.kernel")[1][1] == -2.5 and total == pytest.approx(expected, abs=0.006)
    field.fill("")
    assert page.evaluate("values.kernel")[1][1] == -2.5, "a field that is being written in changes nothing"
    page.get_by_role("button", name="Reset the kernel").click()
    assert page.evaluate("values.kernel") == convolved.kernels["horizontal edge"]["3"]
    assert field.input_value() == "0"


def test_presets_stride_and_padding_are_torchs(page, touched, convolved):
    page.get_by_label("Kernel", exact=True).select_option("learned 3")
    page.get_by_label("Padding").select_option("2")
    page.get_by_label("Stride").select_option("3")
    assert page.get_by_label("Size").is_disabled()
    side = len(convolved.output) if told(page, convolved) else 0
    assert page.get_by_text(f"an input of 28, a kernel of 5, stride 3, padding 2 = {side}").is_visible()
    for row, column in ((0, 0), (side - 1, 4), (3, side - 1)):  # with zeros of the padding in the window
        page.mouse.move(*middle_of(touched, row, column, side))
        total, place, expected = told(page, convolved)
        assert place == (row, column) and total == pytest.approx(expected, abs=0.006)


def test_the_window_slides_and_stops(page, touched, convolved):
    slide = page.get_by_role("button", name="Slide the window")
    slide.click()
    page.wait_for_function("document.querySelector('canvas[data-place]').dataset.place.split(',')[0] === '1'")
    assert slide.get_attribute("aria-pressed") == "true"
    slide.click()
    assert slide.get_attribute("aria-pressed") == "false"
    total, _, expected = told(page, convolved)
    assert total == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("kind", ["blur", "learned 2"])
@pytest.mark.parametrize("width", [320, 390])
def test_the_convolution_fits_on_a_phone_and_keeps_nobody_out(page, touched, width, kind):
    page.set_viewport_size({"width": width, "height": 800})
    page.get_by_label("Kernel", exact=True).select_option(kind)
    if kind == "blur":
        page.get_by_label("Size").select_option("7")
    page.locator("td").last.hover()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not serious_problems(page, ".lenet-convolution")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_nothing_slides_for_those_who_want_no_motion(page):
    page.emulate_media(reduced_motion="reduce")
    make_convolution(page)
    assert page.get_by_role("button", name="Slide the window").count() == 0
    page.emulate_media(reduced_motion="no-preference")


# --- one step


@pytest.fixture(scope="module")
def step(sample):
    return OneStep(sample, LeNet(seed=0))


@pytest.fixture
def stages(page, step):
    """The demo; return what presses one of its buttons."""
    make(page, "one_step", stages=step.stages, step=step.step, stage=0, rate=step.rate)
    return lambda name: page.get_by_role("button", name=name, exact=True).click()


def test_next_and_back_go_through_the_stages_and_no_further(page, stages):
    current = page.locator("[aria-current=step]")
    for name in ("1 Forward", "2 Loss", "3 Gradient", "4 Step", "5 Rate", "5 Rate"):
        assert current.inner_text() == name
        page.get_by_role("button", name="Next").press("Enter")
    stages("Back")
    assert current.inner_text() == "4 Step" and page.evaluate("values.stage") == 3
    stages("1 Forward")
    page.get_by_role("button", name="Back").press("Enter")
    assert current.inner_text() == "1 Forward"


def test_each_image_has_its_loss_and_the_batch_their_mean(page, stages, step):
    stages("2 Loss")
    losses = step.taken_apart.losses[0]
    shown = [float(tile.inner_text()) for tile in page.locator(".lenet-tile").all()]
    assert shown == pytest.approx(losses, abs=0.006)
    assert page.get_by_text(f"{losses.mean():.3f}", exact=True).is_visible()
    page.locator(".lenet-tile").nth(5).hover()
    label = step.taken_apart.batch.labels[5]
    share = step.taken_apart.probabilities[0, 5, label]
    assert page.get_by_text(f"Its right digit, {label}, has {share:.1%}".replace("%", " %")).is_visible()
    assert page.get_by_text(f"−ln {share:.3f} = {losses[5]:.2f}").is_visible()


def test_arrow_keys_go_from_image_to_image(page, stages):
    page.locator(".lenet-tile").nth(0).click()
    for key, at in (("ArrowRight", 1), ("ArrowDown", 5), ("ArrowLeft", 4), ("ArrowLeft", 3), ("ArrowUp", 0)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.dataset.image") == str(at)
    assert page.locator(".lenet-tile[tabindex='0']").count() == 1


def test_a_number_of_the_kernels_shows_its_step(page, stages, step):
    stages("4 Step")
    page.get_by_role("application", name="After the step").click(position={"x": 2, "y": 2})
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    taken = step.taken_apart
    weight, slope = (values[0, 1, 1] for values in (taken.kernels, taken.slopes))
    said = page.get_by_text("Kernel 0, row 1, column 1").inner_text().replace("−", "-")
    assert f": {weight:.3f} - 0.01 × " in said and said.endswith(f"= {weight - 0.01 * slope:.3f}")


@pytest.mark.parametrize("hand", ["keys", "mouse"])
def test_another_rate_shows_what_its_step_does(page, stages, step, hand):
    stages("5 Rate")
    slider = page.get_by_role("slider", name="Learning rate")
    plot = page.locator("svg[role=img]")
    if hand == "keys":
        slider.press("End")
    else:
        box = plot.bounding_box()
        plot.click(position={"x": box["width"] - 4, "y": box["height"] / 2})
    means = step.taken_apart.losses.mean(axis=1)
    assert page.evaluate("values.rate") == 25 and slider.get_attribute("aria-valuetext") == f"1, loss {means[25]:.2f}"
    assert f"from {means[0]:.3f} to {means[25]:.3f}." in page.locator("[aria-live]").first.inner_text()
    after = page.locator(".lenet-tile").nth(2).inner_text().split(" → ")
    assert [float(loss) for loss in after] == pytest.approx(step.taken_apart.losses[[0, 25], 2], abs=0.006)


@pytest.mark.parametrize("width", [285, 390])  # the first is a cell of JupyterLab on a phone
@pytest.mark.parametrize("stage", range(5))
def test_every_stage_fits_on_a_phone_and_keeps_nobody_out(page, step, width, stage):
    page.set_viewport_size({"width": width, "height": 800})
    make(page, "one_step", stages=step.stages, step=step.step, stage=stage, rate=25)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = "all => Math.max(...all.map((each) => each.getBoundingClientRect().right))"
    assert page.locator(".lenet-tile *").evaluate_all(right) <= width
    assert not serious_problems(page, ".lenet-step")
    page.set_viewport_size({"width": 1280, "height": 800})
