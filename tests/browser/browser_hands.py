"""Hands for the browser: ten digits as somebody might write them, drawn with the mouse or a finger."""

import re
from itertools import pairwise

# Thousandths of the pad, one list of corners for each stroke; not the pad's own samples.
DIGITS = {
    0: [[(560, 200), (420, 190), (320, 330), (290, 520), (340, 740), (470, 830), (610, 790), (700, 620), (710, 420),
         (650, 260), (540, 200)]],
    1: [[(560, 170), (540, 330), (520, 500), (500, 680), (480, 850)]],
    2: [[(300, 320), (350, 220), (460, 170), (580, 180), (660, 270), (650, 390), (560, 530), (430, 680), (310, 810),
         (450, 800), (600, 805), (740, 820)]],
    3: [[(320, 230), (430, 170), (570, 180), (650, 270), (620, 390), (520, 460), (430, 480), (560, 500), (660, 590),
         (680, 700), (600, 810), (460, 850), (320, 790)]],
    4: [[(400, 190), (360, 330), (310, 480), (290, 570), (440, 570), (600, 555), (730, 545)],
        [(640, 300), (620, 480), (600, 660), (590, 850)]],
    5: [[(420, 190), (400, 310), (380, 440), (500, 410), (620, 450), (690, 560), (680, 700), (580, 810), (430, 840),
         (310, 780)],
        [(420, 190), (560, 185), (700, 180)]],
    6: [[(600, 160), (480, 270), (380, 430), (320, 600), (340, 760), (450, 850), (590, 830), (670, 720), (640, 600),
         (520, 550), (410, 610), (350, 700)]],
    7: [[(290, 220), (440, 210), (590, 205), (720, 200), (640, 370), (560, 530), (490, 690), (440, 850)]],
    8: [[(640, 260), (550, 180), (430, 190), (360, 280), (390, 390), (490, 470), (600, 560), (660, 670), (620, 790),
         (500, 850), (380, 800), (340, 690), (400, 580), (510, 480), (610, 390), (650, 290)]],
    9: [[(660, 280), (570, 190), (440, 200), (350, 310), (370, 440), (480, 500), (600, 450), (660, 330), (665, 280),
         (650, 470), (620, 660), (590, 860)]],
}  # fmt: skip

_SCROLLED = """canvas => {
    const all = [scrollX, scrollY];
    for (let e = canvas; e; e = e.parentElement) all.push(e.scrollTop, e.scrollLeft);
    return all;
}"""

_INK = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 0 && value < 128).length;
}"""


class Hand:
    """Draws on a pad and reads what stands beside it.

    Parameters
    ----------
    page : playwright Page
    demo : Locator
        Shows one pad and one reading; tabs that are hidden may hold more.
    finger : bool
        Draw with a finger, not with the mouse.
    """

    def __init__(self, page, demo, finger=False):
        self.page, self.finger = page, finger
        self.canvas = demo.locator(".lenet-pad canvas:visible")
        self.reading = demo.locator(".lenet-reading:visible")
        self.demo = demo
        self.touch = page.context.new_cdp_session(page) if finger else None

    def press(self, name):
        """Press one of the pad's buttons."""
        self.demo.locator(".lenet-pad:visible").get_by_role("button", name=name, exact=True).click()

    def draw(self, strokes):
        """Draw strokes, and fail when anything scrolls meanwhile."""
        self.canvas.scroll_into_view_if_needed()
        before = self.canvas.evaluate(_SCROLLED)
        for corners in strokes:
            self.stroke(corners)
        assert self.canvas.evaluate(_SCROLLED) == before, "the page scrolled while somebody drew"

    def stroke(self, corners):
        box = self.canvas.bounding_box()
        points = [(box["x"] + x * box["width"] / 1000, box["y"] + y * box["height"] / 1000) for x, y in corners]
        if self.finger:
            self.swipe(points)
            return
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=4)
        self.page.mouse.up()

    def swipe(self, points):
        def send(kind, *places):
            touches = [{"x": x, "y": y} for x, y in places]
            self.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        send("touchStart", points[0])
        for (x, y), (u, v) in pairwise(points):
            for share in (0.25, 0.5, 0.75, 1):
                send("touchMove", (x + share * (u - x), y + share * (v - y)))
        send("touchEnd")

    def read(self, strokes):
        """Wait until so many finished strokes have been read; return the digit, or None."""
        self.page.wait_for_function(
            # JupyterLab takes a cell that is out of sight off the page for a moment: a digit is read when it is seen.
            "([reading, serial]) => reading.dataset.serial === serial"
            " && (!reading.dataset.digit || reading.innerText.includes('It reads'))",
            arg=[self.reading.element_handle(), str(strokes)],
        )
        shown = re.search(r"It reads (\d)", self.reading.inner_text())
        return int(shown.group(1)) if shown else None

    def strokes(self):
        """Return how many strokes the pad shows."""
        return int(self.canvas.get_attribute("data-strokes"))

    def ink(self):
        """Return how many pixels of the pad's canvas are dark."""
        return self.canvas.evaluate(_INK)


def train_and_stop(tab):
    """Start the training demo, stop it once an epoch is over; return what it then says."""
    status = tab.locator(".lenet-status")
    tab.get_by_role("slider", name="Epochs").fill("30")
    tab.locator(".lenet-start").click()
    status.get_by_text(": validation accuracy").wait_for()
    tab.locator(".lenet-stop").click()
    status.get_by_text("Stopped").wait_for()
    assert "are kept" in status.inner_text()
    return status.inner_text()
