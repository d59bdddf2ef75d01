"""The demos in JupyterLab: notebook 05 is run, and a digit is drawn into its pad."""

import io
import os
import signal

import nbformat
import pytest
from browser_hands import DIGITS, Hand, train_and_stop
from browser_servers import jupyterlab
from browser_tab import watched
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from lenet_helpers import ImageClassifier
from lenet_helpers.system.paths import COURSE

NOTE_KERNEL = "import os; _ = open('kernel.pid', 'w').write(str(os.getpid()))"

TRAINING = """from lenet_helpers import demos

training = demos.live_training()
training"""


DATA = """from lenet_helpers import demos

demos.data()"""


@pytest.fixture(scope="module")
def lab_home(tmp_path_factory):
    """A folder with copies of the notebooks, without outputs."""
    home = tmp_path_factory.mktemp("lab") / "course"
    home.mkdir()
    for path in (COURSE / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        notebook.cells.insert(1, new_code_cell(NOTE_KERNEL))
        nbformat.write(notebook, home / path.name)
    for name, code in (("training", TRAINING), ("data", DATA)):
        alone = new_notebook(cells=[new_code_cell(code)], metadata=notebook.metadata)
        nbformat.write(alone, home / f"{name}.ipynb")
    return home


@pytest.fixture(scope="module")
def lab(lab_home, chromium):
    """Address of a JupyterLab that serves them."""
    with jupyterlab(lab_home) as address:
        yield address


def open_notebook(page, lab, name):
    page.goto(f"{lab}/lab/tree/{name}.ipynb?reset")
    page.get_by_text("| Idle").wait_for()


def run_all(page):
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def save(page):
    page.locator(".lm-MenuBar-itemLabel", has_text="File").click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Save Notebook", exact=True).click()
    page.wait_for_function("!document.querySelector('.lm-DockPanel-tabBar .jp-mod-dirty')")


def find(page, selector):
    """Scroll the notebook until a demo is there: JupyterLab makes only the cells that can be seen."""
    wanted = page.locator(selector).first
    on = """panel => {
        const end = panel.scrollTop + panel.clientHeight > panel.scrollHeight - 5;
        panel.scrollTo(0, end ? 0 : panel.scrollTop + 500);
    }"""
    for _ in range(600):  # the kernel may be slow: then from the beginning once more
        if wanted.count():
            wanted.scroll_into_view_if_needed()
            return page.locator(".jp-OutputArea", has=page.locator(selector)).first
        page.locator(".jp-WindowedPanel-outer").evaluate(on)
        page.wait_for_timeout(250)
    raise AssertionError(f"there is no {selector} in the notebook")


@pytest.fixture(scope="module")
def lesson(lab, chromium):
    """Notebook 05, run to its pad; the tests below follow one another in this tab."""
    with watched(chromium, accept_downloads=True) as page:
        open_notebook(page, lab, "05_inference")
        run_all(page)
        find(page, ".lenet-pad canvas")
        page.get_by_text("| Idle").wait_for()
        yield page


@pytest.fixture
def kernel(lesson, lab_home):
    """Number of the process in which the notebook that was run last runs."""
    return int((lab_home / "kernel.pid").read_text())


@pytest.fixture
def hand(lesson):
    hand = Hand(lesson, find(lesson, ".lenet-pad canvas"))
    hand.press("Clear")
    assert hand.read(0) is None
    return hand


@pytest.mark.parametrize("digit", DIGITS)
def test_mouse_draws_a_digit_and_the_network_reads_it(hand, digit):
    hand.draw(DIGITS[digit])
    assert hand.read(len(DIGITS[digit])) == digit


def test_undo_takes_one_stroke_and_clear_takes_all(hand):
    hand.draw(DIGITS[4])
    hand.read(2)
    both = hand.ink()
    hand.press("Undo")
    hand.read(1)
    assert 0 < hand.ink() < both
    hand.draw(DIGITS[4][1:])
    assert hand.read(2) == 4
    hand.press("Clear")
    assert hand.read(0) is None and hand.ink() == 0


def test_keys_undo_and_clear_and_leave_the_notebook_alone(hand):
    cells = hand.page.locator(".jp-Cell").count()
    hand.draw(DIGITS[4])
    hand.page.keyboard.press("Control+z")
    hand.read(1)
    hand.page.keyboard.press("d")  # twice, it would delete the cell
    hand.page.keyboard.press("d")
    hand.page.keyboard.press("Delete")
    assert hand.read(0) is None and hand.ink() == 0
    assert hand.page.locator(".jp-Cell").count() == cells


def test_a_sample_digit_is_read_and_a_wide_brush_leaves_more_ink(hand):
    hand.press("Sample digit 8")
    assert hand.read(1) == 8
    thin = hand.ink()
    hand.demo.get_by_label("Brush").select_option("thick")
    hand.press("Sample digit 8")
    assert hand.read(1) == 8 and hand.ink() > 1.2 * thin
    hand.demo.get_by_label("Brush").select_option("medium")


def test_what_is_saved_is_read_the_same(hand):
    hand.draw(DIGITS[2])
    assert hand.read(1) == 2
    with hand.page.expect_download() as download:
        hand.press("Save as PNG")
    content = open(download.value.path(), "rb").read()
    assert download.value.suggested_filename == "digit-2.png"
    assert Image.open(io.BytesIO(content)).format == "PNG"
    prediction = ImageClassifier().classify(content)
    assert prediction.digit == 2
    assert f"{100 * prediction.confidence:.1f} % sure" in hand.reading.inner_text() or prediction.confidence > 0.999


def test_ink_appears_while_the_kernel_is_busy(hand, kernel):
    os.kill(kernel, signal.SIGSTOP)
    try:
        hand.draw(DIGITS[7])
        assert hand.ink() > 1000  # at once ...
        assert hand.reading.get_attribute("data-serial") == "0"  # ... with nobody there to read it
    finally:
        os.kill(kernel, signal.SIGCONT)
    assert hand.read(1) == 7


def test_ink_is_there_again_after_a_reload_and_a_finger_draws_on(lab, chromium, lesson, hand):
    hand.draw(DIGITS[4])
    hand.read(2)
    ink = hand.ink()
    save(lesson)
    lesson.reload()
    lesson.get_by_text("| Idle").wait_for()
    again = Hand(lesson, find(lesson, ".lenet-pad canvas"))
    assert again.read(2) == 4 and again.strokes() == 2
    assert abs(again.ink() - ink) < 0.1 * ink
    with watched(chromium, has_touch=True, viewport={"width": 1024, "height": 700}) as tablet:
        open_notebook(tablet, lab, "05_inference")
        finger = Hand(tablet, find(tablet, ".lenet-pad canvas"), finger=True)
        assert finger.read(2) == 4
        for digit, strokes in DIGITS.items():
            finger.press("Clear")
            finger.read(0)
            finger.draw(strokes)
            assert finger.read(len(strokes)) == digit


def test_pictures_are_there_after_run_all_and_a_jump(lab, tab):
    """JupyterLab makes the widgets while their cell is outside of the page."""
    open_notebook(tab, lab, "02_architecture")
    run_all(tab)
    tab.evaluate("(all => all.scrollTo(0, 0.62 * all.scrollHeight))(document.querySelector('.jp-WindowedPanel-outer'))")
    demo = find(tab, ".lenet-pad canvas")
    tab.get_by_text("| Idle").wait_for()
    tab.wait_for_function("document.querySelectorAll('.lenet-picture img').length >= 7")
    pictures = demo.locator("img").all()
    assert len(pictures) == 7
    for picture in pictures:
        size = picture.evaluate("each => [each.clientWidth, each.clientHeight, each.naturalWidth]")
        assert min(size) > 10, (picture.get_attribute("alt"), size)
    find(tab, "canvas[data-place]")  # made of several modules, and shown once it has computed


def test_the_pictures_of_the_data_are_above_the_fold_of_a_laptop(lab, chromium):
    with watched(chromium, viewport={"width": 1366, "height": 768}) as laptop:
        open_notebook(laptop, lab, "data")
        run_all(laptop)
        pictures = find(laptop, ".lenet-picture img").locator("img")
        pictures.nth(2).wait_for()
        for picture in pictures.all():
            box = picture.bounding_box()
            assert box["width"] > 200 and box["y"] + box["height"] < 768 - 30  # the status bar


def test_training_ends_by_its_button_and_goes_on(lab, tab):
    open_notebook(tab, lab, "training")
    run_all(tab)
    before = train_and_stop(tab)
    status = tab.locator(".lenet-status")
    tab.locator(".lenet-continue").click()
    status.get_by_text("left.").wait_for()
    tab.locator(".lenet-stop").click()
    status.get_by_text("Stopped").wait_for()
    assert status.inner_text() != before


def test_training_ends_by_kernel_interrupt(lab, tab):
    open_notebook(tab, lab, "training")
    run_all(tab)
    train_and_stop(tab)
    status = tab.locator(".lenet-status")
    tab.locator(".lenet-continue").click()
    status.get_by_text("left.").wait_for()
    tab.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
    tab.locator(".lm-Menu-itemLabel").get_by_text("Interrupt Kernel", exact=True).click()
    status.get_by_text("Stopped").wait_for(timeout=10_000)
    tab.locator(".lenet-continue:enabled").wait_for(timeout=10_000)  # a message of its own, after the sentence
