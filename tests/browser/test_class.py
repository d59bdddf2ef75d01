"""A class that writes, in a real browser: a tablet as large as a phone, and the board."""

import json
import re
import sys

import pytest
from browser_hands import DIGITS, Hand
from browser_servers import free_port, listens, running
from browser_tab import watched

from lenet_helpers.preparation.folder import read_labels


@pytest.fixture(scope="module")
def served(tmp_path_factory, chromium):
    """The class's folder, the tablets' address and that of the board."""
    home, port = tmp_path_factory.mktemp("class"), free_port()
    command = [sys.executable, "-m", "lenet_helpers", "class", str(home / "ours"), "--no-browser", f"--port={port}"]
    with running(command, f"http://127.0.0.1:{port}/", home, listens):
        state = json.loads((home / "ours" / ".class.json").read_bytes())
        root = f"http://127.0.0.1:{port}/"
        yield home / "ours", f"{root}{state['write']}/", f"{root}board/{state['board']}/"


@pytest.fixture(scope="module")
def board(served, chromium):
    with watched(chromium, viewport={"width": 1366, "height": 768}) as page:
        page.goto(served[2])
        yield page


@pytest.fixture(scope="module")
def tablet(served, chromium):
    with watched(chromium, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}) as page:
        page.goto(served[1])
        yield page


def write(page, finger=True):
    """Write the digit that is asked for; return it when it has been read."""
    asked = page.locator("#lenet-asked b")
    asked.wait_for()
    digit = int(asked.inner_text())
    Hand(page, page.locator("body"), finger).draw(DIGITS[digit])
    page.locator(f'.lenet-reading[data-serial="{len(DIGITS[digit])}"]').wait_for()
    return digit


def send(page, status):
    page.get_by_role("button", name="Send").click()
    page.locator("#lenet-sent", has_text=status).wait_for()


def test_a_digit_is_read_on_the_tablet_and_seen_on_the_board(served, tablet, board):
    digit = write(tablet)
    assert tablet.locator(".lenet-answer strong").inner_text() == f"It reads {digit}"
    assert tablet.evaluate("document.documentElement.scrollWidth") <= 390
    box = tablet.get_by_role("button", name="Send").bounding_box()
    assert box["y"] + box["height"] < 844, "whoever has drawn must see the button"
    send(tablet, "✓ 1 sent.")
    board.locator("#lenet-digits").get_by_role("button", name=f"Asked for {digit}, read as {digit}, right").wait_for()
    assert board.locator("#lenet-accuracy").inner_text() == "100.0 % ± 0.0 %"
    assert read_labels(served[0])[-1][1] == digit
    assert board.locator("#lenet-address").inner_text() == served[1]


def test_what_class_and_network_disagree_on_is_explained_and_hidden(tablet, board):
    asked = tablet.locator("#lenet-asked b")
    asked.wait_for()
    digit = int(asked.inner_text())
    drawn = 4 if digit == 1 else 1
    Hand(tablet, tablet.locator("body"), finger=True).draw(DIGITS[drawn])
    send(tablet, "✓ 2 sent.")
    name = f"Asked for {digit}, read as {drawn}, wrong"
    mistake = board.locator("#lenet-mistakes").get_by_role("button", name=name)
    mistake.click()
    board.locator("#lenet-steps li", has_text="centred").wait_for()
    board.get_by_role("button", name="Hide this picture").click()
    mistake.wait_for(state="detached")
    assert board.get_by_role("button", name=name).count() == 0
    assert "of 2 digits by 1 writer" in board.locator("#lenet-count").inner_text()


def test_a_board_that_pauses_shows_the_rest_when_it_goes_on(tablet, board):
    shown = board.locator("#lenet-digits button")
    count = shown.count()
    board.get_by_role("button", name="Pause").click()
    write(tablet)
    send(tablet, "✓ 3 sent.")
    held = board.get_by_role("button", name="Go on (1 new)")
    held.wait_for()
    assert shown.count() == count
    held.click()
    shown.nth(count).wait_for()
    places = [int(shown.nth(at).get_attribute("data-at")) for at in range(count + 1)]
    assert places == sorted(places, reverse=True)


def test_what_was_drawn_without_a_network_is_sent_when_it_is_back_even_by_a_page_that_is_loaded_again(served, chromium):
    before = len(read_labels(served[0]))
    context = chromium.new_context()  # not watched: its console tells of the network that is missing
    page = context.new_page()
    page.goto(served[1])
    for number in range(2):
        write(page, finger=False)
        context.set_offline(True)
        send(page, f"{number + 1} wait")
    assert len(read_labels(served[0])) == before
    context.set_offline(False)
    page.reload()
    page.locator("#lenet-sent", has_text="✓ 2 sent.").wait_for()
    assert len(read_labels(served[0])) == before + 2
    context.close()


def test_remove_mine_takes_them_off_disk_and_board(served, tablet, board):
    writer = re.search(r"\d{8}", tablet.locator("#lenet-writer").inner_text())[0]
    assert (served[0] / writer).exists()
    tablet.once("dialog", lambda dialog: dialog.accept())
    tablet.get_by_role("button", name="Remove mine").click()
    tablet.locator("#lenet-sent", has_text="none of yours is left").wait_for()
    assert not (served[0] / writer).exists()
    board.locator(f'#lenet-digits [data-id^="{writer}"]').first.wait_for(state="detached")
    assert tablet.locator("#lenet-writer").inner_text() != f"You are writer {writer}."


def test_the_board_fits_a_phone_too(board):
    board.set_viewport_size({"width": 390, "height": 844})
    assert board.evaluate("document.documentElement.scrollWidth") <= 390
    assert board.locator("header").bounding_box()["height"] < 844 / 2
    digits, matrix = (board.locator(part).bounding_box() for part in ("#lenet-digits", "#lenet-matrix"))
    assert digits["y"] + digits["height"] <= matrix["y"] and matrix["x"] + matrix["width"] <= 390
    board.set_viewport_size({"width": 1366, "height": 768})


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_pages_have_no_barriers(tablet, board, colours):
    """axe-core finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    for page in (tablet, board):
        page.emulate_media(color_scheme=colours)
        found = Axe().run(page)
        serious = [each for each in found.response["violations"] if each["impact"] in ("serious", "critical")]
        assert not serious, found.generate_report()
        assert found.response["passes"], "axe looked at nothing"
