"""The page to take home, opened from a file as a memory stick would hold it."""

import numpy as np
import pytest
from browser_hands import DIGITS, Hand
from browser_tab import watched

from lenet_helpers import ImageClassifier, take_home
from lenet_helpers.data import Split
from lenet_helpers.system.paths import COURSE

SCREENS = {"phone": (390, 844), "tablet": (820, 1180), "laptop": (1366, 768), "projector": (1920, 1080)}


@pytest.fixture(scope="module")
def classifier():
    return ImageClassifier(COURSE / "model.pth", device="cpu")


@pytest.fixture(scope="module")
def address(tmp_path_factory, classifier, sample):
    path = tmp_path_factory.mktemp("stick") / "my_network.html"
    few = Split("few", sample.validation.pixels[:20], sample.validation.labels[:20])
    return take_home(classifier.model, path, validation=few).as_uri()


@pytest.fixture(scope="module")
def page(address, chromium):
    with watched(chromium, accept_downloads=True) as page:
        page.goto(address)
        yield page


@pytest.fixture(scope="module")
def phone(address, chromium):
    width, height = SCREENS["phone"]
    with watched(chromium, has_touch=True, is_mobile=True, viewport={"width": width, "height": height}) as page:
        page.goto(address)
        yield page


def clean(page, finger=False):
    hand = Hand(page, page.locator("main"), finger=finger)
    hand.press("Clear")
    assert hand.read(0) is None and hand.ink() == 0
    return hand


@pytest.fixture
def hand(page):
    return clean(page)


@pytest.mark.parametrize("digit", DIGITS)
def test_mouse_draws_a_digit_and_the_network_reads_it(hand, digit):
    hand.draw(DIGITS[digit])
    assert hand.read(len(DIGITS[digit])) == digit


@pytest.mark.parametrize("digit", DIGITS)
def test_a_finger_on_a_phone_draws_a_digit_and_the_page_does_not_scroll(phone, digit):
    finger = clean(phone, finger=True)
    finger.draw(DIGITS[digit])
    assert finger.read(len(DIGITS[digit])) == digit


def test_it_says_which_network_it_is_and_no_longer_that_it_needs_a_browser(page):
    foot = page.locator("footer").inner_text()
    assert "my_network, with 15,626 parameters" in foot and "of 20 digits" in foot.lower()
    assert page.locator("#lenet-needs").count() == 0


def test_bars_warning_and_pixels_are_shown(hand):
    hand.draw(DIGITS[3])
    assert hand.read(1) == 3
    assert float(hand.page.get_by_role("meter", name="Probability of 3").get_attribute("aria-valuenow")) > 90
    seen = hand.page.locator(".lenet-seen canvas").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data].filter((value) => value < 100).length"
    )
    assert seen > 100
    hand.press("Clear")
    hand.draw([[(200, 200), (200, 800)], [(800, 200), (800, 800)]])
    hand.read(2)
    assert "more than one digit" in hand.page.get_by_role("status").inner_text()


_MAPS = "() => [...document.querySelectorAll('#lenet-layers canvas')].map((each) => each.toDataURL()).join()"


def test_every_layer_follows_the_pad(hand):
    assert hand.page.locator("#lenet-layers canvas").count() == 6
    hand.page.wait_for_function("document.querySelector('#lenet-layers canvas').width === 6 * 28 + 5")
    before = hand.page.evaluate(_MAPS)
    hand.press("Sample digit 0")
    hand.read(1)
    hand.page.wait_for_function(f"before => ({_MAPS})() !== before", arg=before)


def test_what_is_saved_is_what_was_read(hand, classifier, tmp_path):
    from PIL import Image

    from lenet_helpers.drawing.strokes import draw_strokes, sample_digit

    hand.press("Sample digit 5")
    assert hand.read(1) == 5
    with hand.page.expect_download() as download:
        hand.press("Save as PNG")
    assert download.value.suggested_filename == "digit-5.png"
    download.value.save_as(tmp_path / "digit-5.png")
    saved = np.asarray(Image.open(tmp_path / "digit-5.png").convert("L")).astype(int)
    assert np.abs(saved - np.asarray(draw_strokes(sample_digit(5)))).mean() < 1
    assert classifier.predict(tmp_path / "digit-5.png") == 5


def looking(page):
    """Ask where the network looks; return the picture that tells it, once it does, and the sentence below."""
    page.get_by_label("Where is it looking?").check()
    seen = page.locator(".lenet-seen canvas[tabindex]")
    seen.wait_for()
    assert seen.get_attribute("aria-label").startswith("Where the network looks: covered at row")
    return seen, page.locator(".lenet-covered")


def test_it_tells_where_it_looks_and_mouse_and_keys_cover_a_place(hand):
    hand.draw(DIGITS[3])
    assert hand.read(1) == 3
    seen, said = looking(hand.page)
    seen.hover()
    assert said.inner_text().startswith(("Covered here", "✗ Covered here"))
    hand.page.mouse.move(1, 1)
    assert said.inner_text().startswith("Point at a place")
    seen.focus()
    hand.page.keyboard.press("ArrowUp")
    assert "Covered here" in said.inner_text()
    hand.page.keyboard.press("Escape")
    assert said.inner_text().startswith("Point at a place")
    hand.draw(DIGITS[3])  # a stroke on top: it is read at once, and looked at anew
    assert hand.read(2) == 3
    seen.wait_for()
    hand.page.get_by_label("Where is it looking?").uncheck()
    assert seen.count() == 0 and said.is_hidden()


def test_a_finger_covers_a_place_and_it_stays(phone):
    finger = clean(phone, finger=True)
    finger.draw(DIGITS[3])
    assert finger.read(1) == 3
    seen, said = looking(phone)
    seen.tap()
    assert "Covered here" in said.inner_text()
    phone.get_by_label("Where is it looking?").uncheck()


def test_keys_reach_everything_and_clear_the_pad(hand):
    hand.draw(DIGITS[7])
    assert hand.read(1) == 7
    hand.page.keyboard.press("Delete")
    assert hand.read(0) is None
    reached = set()
    for _ in range(20):
        hand.page.keyboard.press("Tab")
        reached.add(hand.page.evaluate("document.activeElement.innerText || document.activeElement.tagName"))
    assert {"Undo", "Clear", "Save as PNG", *map(str, range(10))} <= reached
    hand.page.get_by_role("button", name="Sample digit 6").focus()
    hand.page.keyboard.press("Enter")
    assert hand.read(1) == 6


def test_ink_is_there_again_after_a_reload(hand):
    hand.draw(DIGITS[4])
    assert hand.read(2) == 4
    hand.page.reload()
    assert hand.read(2) == 4 and hand.strokes() == 2 and hand.ink() > 1000


def test_blocked_cookies_do_not_stop_the_ink(address, chromium):
    blocked = "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('SecurityError'); } })"
    with watched(chromium) as page:
        page.add_init_script(blocked)
        page.goto(address)
        hand = Hand(page, page.locator("main"))
        hand.draw(DIGITS[2])
        assert hand.read(1) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_it_fits_the_screen_and_keeps_nobody_out(page, screen, scheme):
    """Nothing is cut off, pad and answer are above the fold, and axe-core finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    hand = clean(page)
    hand.press("Sample digit 4")
    assert hand.read(2) == 4
    looking(page)
    page.evaluate("scrollTo(0, 0)")
    edges = page.locator("main *").evaluate_all("all => all.map((each) => each.getBoundingClientRect().right)")
    assert max(edges) <= width and page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in (".lenet-pad canvas", ".lenet-answer"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= height, selector
    if screen in ("laptop", "projector"):
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        assert page.locator("#lenet-layers").bounding_box()["x"] > width / 2
    found = Axe().run(page)
    serious = [
        f"{problem['id']}: {problem['help']}: {[node['html'][:150] for node in problem['nodes'][:3]]}"
        for problem in found.response["violations"]
        if problem["impact"] in ("serious", "critical")
    ]
    assert found.response["passes"], "axe looked at nothing"
    assert not serious, "\n".join(serious)
