"""The page of all demos, as `make demo` serves it."""

import re
import urllib.error
import urllib.request

import pytest
from browser_hands import DIGITS, Hand, train_and_stop
from browser_servers import demo_page
from browser_tab import serious_problems, watched

from lenet_helpers import demos

TABS = [
    "Draw a digit",
    "Draw a number",
    "What the layers see",
    "Convolution",
    "Data",
    "One step",
    "Training",
    "Mistakes",
    "Fool it",
]


@pytest.fixture(scope="module")
def address(tmp_path_factory, chromium):
    with demo_page(tmp_path_factory.mktemp("page")) as (address, _):
        yield address


def open_page(page, address):
    page.goto(address)
    page.locator(".lenet-pad canvas").wait_for()
    return page


def open_tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()
    page.wait_for_function("!document.body.innerText.includes('Loading …')")


@pytest.fixture(scope="module")
def projector(address, chromium):
    """The page at a projector's size; the tests below follow one another in it."""
    with watched(chromium, accept_downloads=True) as page:
        yield open_page(page, address)


@pytest.fixture(scope="module")
def tablet(address, chromium):
    """The same on a tablet that is lower than the page is long."""
    with watched(chromium, has_touch=True, is_mobile=True, viewport={"width": 900, "height": 480}) as page:
        yield open_page(page, address)


@pytest.fixture
def hand(projector):
    open_tab(projector, "Draw a digit")
    hand = Hand(projector, projector.locator(".lenet-page"))
    hand.press("Clear")
    assert hand.read(0) is None
    return hand


@pytest.fixture
def finger(tablet):
    finger = Hand(tablet, tablet.locator(".lenet-page"), finger=True)
    finger.press("Clear")
    assert finger.read(0) is None
    return finger


@pytest.mark.parametrize("digit", DIGITS)
def test_mouse_draws_a_digit_and_the_network_reads_it(hand, digit):
    hand.draw(DIGITS[digit])
    assert hand.read(len(DIGITS[digit])) == digit


@pytest.mark.parametrize("digit", DIGITS)
def test_finger_draws_a_digit_and_the_page_does_not_scroll(finger, digit):
    finger.draw(DIGITS[digit])
    assert finger.read(len(DIGITS[digit])) == digit


def test_the_same_finger_does_scroll_beside_the_pad(finger):
    """So the tests above would notice."""
    width = finger.page.viewport_size["width"]
    box = finger.canvas.bounding_box()
    x = (box["x"] + box["width"] + width) / 2  # right of the pad
    finger.swipe([(x, 400), (x, 340), (x, 280), (x, 200)])
    finger.page.wait_for_function(
        "[...document.querySelectorAll('*')].some((each) => each.scrollTop > 20 && each.querySelector('.lenet-pad'))"
    )


def test_a_number_is_drawn_on_the_wide_sheet_and_read(projector):
    open_tab(projector, "Draw a number")
    hand = Hand(projector, projector.locator(".lenet-page"))
    hand.press("Clear")
    projector.get_by_text("Draw a number").last.wait_for()
    for place, digit in enumerate((4, 7, 1)):
        hand.draw([[(320 * place + x / 3, y) for x, y in corners] for corners in DIGITS[digit]])
    projector.get_by_text("It reads 471").wait_for()
    box = hand.canvas.bounding_box()
    assert 2.9 < box["width"] / box["height"] < 3.1
    hand.press("Undo")
    projector.get_by_text("It reads 47").wait_for()
    hand.press("Clear")
    assert hand.ink() == 0


def test_where_it_looks_is_shown_when_it_is_asked_for(hand):
    hand.page.get_by_label("Where is it looking?").check()
    hand.draw(DIGITS[4])
    assert hand.read(2) == 4
    hand.page.get_by_text("Orange: covered there, the 4 gets less probable").wait_for()
    assert not serious_problems(hand.page)
    hand.reading.locator("canvas").focus()
    hand.page.keyboard.press("ArrowLeft")
    hand.page.get_by_text("Covered here, it").wait_for()
    hand.page.get_by_label("Where is it looking?").uncheck()
    hand.page.get_by_text("What the network sees", exact=True).wait_for()


def test_undo_and_clear(hand):
    hand.draw(DIGITS[5])
    assert hand.read(2) == 5
    hand.press("Undo")
    hand.read(1)
    assert hand.strokes() == 1
    hand.press("Clear")
    assert hand.read(0) is None and hand.ink() == 0


def test_keys_reach_everything_and_clear_the_pad(hand):
    hand.draw(DIGITS[7])
    assert hand.read(1) == 7
    hand.page.keyboard.press("Delete")
    assert hand.read(0) is None
    reached = set()
    for _ in range(30):
        hand.page.keyboard.press("Tab")
        reached.add(hand.page.evaluate("document.activeElement.innerText || document.activeElement.tagName"))
    assert {"Undo", "Clear", "Save as PNG", *map(str, range(10))} <= reached
    assert any("medium" in each for each in reached)
    hand.page.get_by_role("button", name="Sample digit 6").focus()
    hand.page.keyboard.press("Enter")
    assert hand.read(1) == 6


@pytest.mark.parametrize("name", TABS)
def test_tab_reaches_every_control(projector, name):
    open_tab(projector, name)
    projector.wait_for_timeout(500)
    wanted = projector.evaluate(
        """() => [...document.querySelectorAll(".lenet-page :is(button, select, input, canvas[tabindex])")]
            .filter((each) => each.checkVisibility() && !each.disabled && each.tabIndex >= 0 && each.type !== "file")
            .map((each, i) => (each.dataset.wanted = `${i} ${each.tagName} ${each.innerText || each.id}`))"""
    )
    reached = set()
    for _ in range(len(wanted) + 10):
        projector.keyboard.press("Tab")
        reached.add(projector.evaluate("document.activeElement.dataset.wanted"))
    assert wanted and set(wanted) <= reached, set(wanted) - reached


def test_keys_open_a_tab(projector):
    open_tab(projector, "Draw a digit")
    for _ in range(60):
        projector.keyboard.press("Tab")
        if projector.evaluate("document.activeElement.getAttribute('role')") == "tab":
            break
    projector.keyboard.press("ArrowRight")
    projector.keyboard.press("Enter")
    projector.locator("[role=tab][aria-selected=true]", has_text="Draw a number").wait_for()


def test_ink_is_there_again_after_a_reload_and_the_old_process_is_ended(hand):
    """Were that refused, the console would show it, and the watched tab would fail."""
    hand.draw(DIGITS[4])
    assert hand.read(2) == 4
    with hand.page.expect_request("**/voila/api/shutdown/*"):
        open_page(hand.page, hand.page.url)
    assert hand.read(2) == 4 and hand.strokes() == 2 and hand.ink() > 1000


def test_every_demo_has_a_tab_and_opens(projector):
    assert len(TABS) == len(demos._DEMOS)
    assert [tab.inner_text() for tab in projector.get_by_role("tab").all()] == TABS
    for name in TABS:
        open_tab(projector, name)
        panel = projector.locator(".widget-tab-contents > .lenet-box:visible").first
        panel.wait_for()
        assert panel.bounding_box()["height"] > 200


def test_layers_follow_the_pad(projector):
    open_tab(projector, "What the layers see")
    panel = projector.locator(".widget-tab-contents > .lenet-box:visible").first
    before = panel.locator("img").nth(1).get_attribute("src")
    panel.get_by_role("button", name="Sample digit 0").click()
    panel.locator("strong", has_text="0").wait_for()
    assert panel.locator("img").nth(1).get_attribute("src") != before


def test_a_kernel_is_chosen_and_the_window_follows_the_mouse(projector):
    """The rest of this demo is tested without a server: test_parts.py."""
    open_tab(projector, "Convolution")
    projector.get_by_label("Stride").select_option("2")
    projector.get_by_text("an input of 28, a kernel of 3, stride 2, padding 0 = 13").wait_for()
    projector.get_by_label("Kernel", exact=True).select_option("learned 2")
    projector.get_by_text("an input of 28, a kernel of 5, stride 2, padding 0 = 12").wait_for()
    projector.get_by_role("application", name="The output").hover(position={"x": 2, "y": 2})
    projector.get_by_text("= output[0, 0]").wait_for()


def test_a_cell_of_the_confusion_matrix_shows_its_digits(projector):
    open_tab(projector, "Mistakes")
    cell = projector.get_by_role("button", name="of class 3 read as 3")
    cell.click()
    projector.get_by_text("images of class 3 were read as 3").wait_for()
    projector.keyboard.press("ArrowRight")
    projector.get_by_text("images of class 3 were read as 4").wait_for()


def test_a_picture_of_ones_own_is_read(projector, tmp_path):
    from PIL import Image

    from lenet_helpers.drawing.strokes import draw_strokes, sample_digit

    draw_strokes(sample_digit(9), side=300).save(tmp_path / "nine.png")
    open_tab(projector, "Fool it")
    panel = projector.locator(".widget-tab-contents > .lenet-box:visible").first
    with projector.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="Upload a picture").click()
    chooser.value.set_files(tmp_path / "nine.png")
    reading = panel.locator(".lenet-reading")
    reading.get_by_text("It reads 9").wait_for()
    Image.new("L", (60, 60), "white").save(tmp_path / "blank.png")
    with projector.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="Upload a picture").click()
    chooser.value.set_files(tmp_path / "blank.png")
    reading.get_by_text("is blank").wait_for()
    assert panel.locator("img").count() == 0
    panel.get_by_role("button", name="test.png").click()
    reading.get_by_text("It reads 5").wait_for()


def test_it_is_retrained_with_a_digit_that_was_drawn(projector):
    """By mouse and keys, on a phone's screen; axe-core finds nothing serious there either."""
    before = projector.viewport_size
    projector.set_viewport_size({"width": 390, "height": 844})
    open_tab(projector, "Fool it")
    projector.get_by_role("tab", name="Retrain with your own digits").click()
    hand = Hand(projector, projector.locator(".lenet-page"))
    projector.get_by_role("button", name="Retrain", exact=True).click()
    projector.get_by_text("⚠ Keep at least one digit first").wait_for()
    hand.draw(DIGITS[7])
    projector.get_by_text("It reads 7").last.wait_for()
    projector.get_by_label("It really is").select_option("1")
    keep = projector.get_by_role("button", name="Keep it")
    keep.focus()
    projector.keyboard.press("Enter")
    projector.get_by_role("row", name="your 1").wait_for()
    projector.get_by_role("button", name="Retrain", exact=True).click()
    projector.get_by_text("Of your 1 digit, 0 read rightly before, 1 after.").wait_for()
    assert "✗ 7" in projector.get_by_role("row", name="your 1").inner_text()
    assert projector.evaluate("document.documentElement.scrollWidth") <= 390
    assert not serious_problems(projector)
    projector.get_by_role("button", name="Reset").click()
    projector.get_by_text("Draw or upload digits that it misreads").wait_for()
    projector.get_by_role("tab", name="Every step").click()
    projector.set_viewport_size(before)


# --- screens of other sizes


@pytest.fixture
def screen(projector):
    """The same page on a screen of another size: ``screen(width, height)``."""
    before = projector.viewport_size

    def resize(width, height):
        projector.set_viewport_size({"width": width, "height": height})
        return projector

    yield resize
    projector.set_viewport_size(before)


def boxes(page, selector):
    """Left, top, right and bottom of everything of the open tab that matches and can be seen."""
    return page.locator(f".lenet-page {selector}").evaluate_all(
        """all => all.filter((each) => each.checkVisibility()).map((each) => {
            const { left, top, right, bottom } = each.getBoundingClientRect();
            return [left, top, right, bottom];
        })"""
    )


@pytest.mark.parametrize("name", TABS)
def test_nothing_is_cut_off_on_a_phone(screen, name):
    phone = screen(390, 844)
    open_tab(phone, name)
    phone.wait_for_timeout(500)
    wide = phone.evaluate(
        """() => [...document.querySelectorAll(".lenet-page *")]
            .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth - 8)
            .map((each) => each.outerHTML.slice(0, 100))"""
    )
    assert not wide, wide
    scrolling = "each => each.scrollWidth > each.clientWidth && /auto|scroll/.test(getComputedStyle(each).overflowX)"
    assert not phone.evaluate(f"[document.documentElement, ...document.querySelectorAll('*')].some({scrolling})")
    shown = boxes(phone, ":is(select, img, canvas, svg, td)")
    assert shown and all(left >= 0 and right - left > 20 for left, _, right, _ in shown)


@pytest.mark.parametrize("name", TABS)
def test_pictures_are_above_the_fold_of_a_laptop(screen, name):
    laptop = screen(1366, 768)
    open_tab(laptop, name)
    laptop.wait_for_timeout(500)
    pictures = boxes(laptop, ":is(img, canvas, svg)")
    assert pictures and all(0 <= top and bottom <= 768 for _, top, _, bottom in pictures)


@pytest.mark.parametrize("name", TABS)
def test_a_projector_is_filled(screen, name):
    projector = screen(1920, 1080)
    open_tab(projector, name)
    projector.wait_for_timeout(500)
    shown = boxes(projector, ":is(img, canvas, svg, button, input, select, td, span, li)")
    assert max(bottom for *_, bottom in shown) > 2 / 3 * 1080 and max(right for _, _, right, _ in shown) > 2 / 3 * 1920
    assert all(right <= 1920 for _, _, right, _ in shown)


def test_training_stops_and_goes_on(projector):
    open_tab(projector, "Training")
    stopped = train_and_stop(projector)
    status = projector.locator(".lenet-status")
    taken = int(re.search(r"after step ([\d,]+)", stopped).group(1).replace(",", ""))
    projector.get_by_role("img", name=f"After step {taken} of").wait_for()  # every step, the last ones too
    assert 0 < int(projector.locator(".lenet-watched canvas").get_attribute("data-wrong")) < 200
    projector.locator(".lenet-continue").click()
    status.get_by_text("left.").wait_for()  # told after the first new step
    projector.locator(".lenet-stop").click()
    status.get_by_text("Stopped").wait_for()
    assert status.inner_text() != stopped


@pytest.mark.parametrize("name", TABS)
def test_nothing_keeps_people_out(projector, name):
    """axe-core finds nothing serious in any tab."""
    open_tab(projector, name)
    projector.wait_for_timeout(500)
    assert not serious_problems(projector)


def test_others_need_the_token(tmp_path, chromium):
    with demo_page(tmp_path / "home", "--host=0.0.0.0", "--token=classroom7") as (address, _):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        login = opener.open(address)
        assert "/login" in login.url and b"lenet" not in login.read().lower().replace(b"lenet, live", b"")
        for path in ("api/kernels/00000000-0000-0000-0000-000000000000", "voila/files/demos.ipynb", "?token=guess"):
            try:
                assert "/login" in opener.open(address + path).url
            except urllib.error.HTTPError as refused:
                assert refused.code in (403, 404)
        with watched(chromium) as page:
            page.goto(address + "?token=classroom7")
            page.locator(".lenet-pad canvas").wait_for()
            hand = Hand(page, page.locator(".lenet-page"))
            hand.draw(DIGITS[1])
            assert hand.read(1) == 1
