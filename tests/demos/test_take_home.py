"""The page to take home: its modules against Python, and the file that holds them. The page itself: tests/browser."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lenet_helpers import ImageClassifier, LeNet, forward_in_batches, save_model, take_home, to_input
from lenet_helpers.cli.main import cli
from lenet_helpers.demos import take_home as home
from lenet_helpers.drawing.forms import FORMS, another_hand, corners_of
from lenet_helpers.drawing.strokes import PAD, WIDTHS, draw_strokes, rounded
from lenet_helpers.inference import occlusion
from lenet_helpers.preparation import steps

HERE = Path(__file__).parent / "static"


@pytest.fixture(scope="module")
def node():
    """The program that runs the modules: playwright brings one, else that of this computer."""
    try:
        import playwright
    except ImportError:
        program = None
    else:
        program = shutil.which(Path(playwright.__file__).parent / "driver" / "node")
    if program := program or shutil.which("node"):
        return program
    pytest.skip("node is missing: pip install playwright")


@pytest.fixture(scope="module")
def classifier():
    return ImageClassifier(device="cpu")


def draw(digit, random):
    """Strokes of a digit as somebody might write it, somewhere on the pad and in some size."""
    lines = another_hand(corners_of(FORMS[digit][random.integers(len(FORMS[digit]))]), random)
    width = int(random.choice([*WIDTHS.values()]))
    corners = np.concatenate(lines)
    least, most = corners.min(0), corners.max(0)
    room = PAD - 2 * width
    scale = random.uniform(0.5, 0.95) * room / (most - least).max()
    middle = PAD / 2 + (room - scale * (most - least)) / 2 * random.uniform(-1, 1, 2)
    moved = [middle + scale * (line - (least + most) / 2) for line in lines]
    return [{"width": width, "points": rounded([*map(tuple, line)])} for line in moved]


def drawn(count, seed=1):
    random = np.random.default_rng(seed)
    return [draw(number % 10, random) for number in range(count)]


def in_javascript(node, classifier, pixels=(), strokes=(), pictures=()):
    """What the page's modules make of all this: logits, readings and ways."""

    def text(values):
        return base64.b64encode(bytes(np.asarray(values, np.uint8))).decode()

    given = {"about": home.network_for_page(classifier.model), "images": text(pixels), "strokes": strokes}
    given["pictures"] = [text(picture) for picture in pictures]
    done = subprocess.run([node, HERE / "agreement.mjs"], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_the_modules_pass_their_own_tests(node, name):
    done = subprocess.run([node, "--test", HERE / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def compare_logits(node, classifier, pixels):
    there = np.array(in_javascript(node, classifier, pixels=pixels)["logits"])
    here = forward_in_batches(classifier.model, to_input(pixels)).numpy()
    assert there.shape == here.shape and np.abs(there - here).max() < 1e-3
    assert (there.argmax(1) == here.argmax(1)).all()


def compare_readings(node, classifier, strokes, most_wrong):
    """The whole way, from strokes to digit and warning; most probabilities agree closely."""
    there = in_javascript(node, classifier, strokes=strokes)["readings"]
    here = [classifier.classify(draw_strokes(each)) for each in strokes]
    assert sum(one["digit"] != other.digit for one, other in zip(there, here, strict=True)) <= most_wrong
    assert sum(one["warning"] != other.warning for one, other in zip(there, here, strict=True)) <= 2 * most_wrong
    far = [
        abs(np.array(one["probabilities"]) - other.probabilities).max() for one, other in zip(there, here, strict=True)
    ]
    assert np.percentile(far, 90) < 0.01


def test_the_forward_pass_is_that_of_torch(node, classifier, sample):
    compare_logits(node, classifier, sample.test.pixels[::5])


def test_each_place_is_covered_as_python_covers_it(node, classifier, sample):
    pixels = np.roll(sample.test.pixels[0], 9, axis=1)  # ink at both edges, where a patch is cut off
    there = in_javascript(node, classifier, pixels=pixels)["covered"]
    assert np.allclose(np.reshape(there, (28, 28, 10)), occlusion(classifier.model, pixels), atol=1e-3)


@pytest.mark.slow
def test_the_forward_pass_is_that_of_torch_on_all_test_images(node, classifier, full_mnist):
    compare_logits(node, classifier, full_mnist.test.pixels)


def test_drawn_digits_are_read_as_python_reads_them(node, classifier):
    one, two = ({"width": 60, "points": [x, y, x, y + 300]} for x, y in ((500, 150), (500, 520)))
    broken, apart = [one, two], [one, {**two, "points": [700, 150, 700, 450]}]
    compare_readings(node, classifier, [*drawn(60), broken, apart], most_wrong=0)


@pytest.mark.slow
def test_2000_drawn_digits_are_read_as_python_reads_them(node, classifier):
    """The two that may differ are bold, and Python may take such a digit for a sheet on a table."""
    compare_readings(node, classifier, drawn(2000), most_wrong=2)


def test_the_preparation_of_one_picture_is_that_of_python(node, classifier, monkeypatch):
    """Pixel by pixel, but for the steps against what a pad hardly has: a table, shadows, lines, light ink, outlines."""
    of_photos = ("the_sheet", "dark_on_light", "even", "no_surroundings", "no_boxes", "no_lines", "no_tails", "filled")
    monkeypatch.setattr(steps, "STEPS", tuple(step for step in steps.STEPS if step.__name__ not in of_photos))
    two = [{"width": 65, "points": [200, 200, 200, 800]}, {"width": 95, "points": [650, 0, 650, 900]}]
    speck = [two[0], {"width": 120, "points": [930, 80]}]
    at_edge = [two[0], {"width": 120, "points": [1000, 200, 1000, 500]}]
    pictures = [draw_strokes(each) for each in [*drawn(60, seed=2), two, speck, at_edge]]
    exact = 0
    for picture, there in zip(pictures, in_javascript(node, classifier, pictures=pictures)["ways"], strict=True):
        pairs = list(zip(steps.prepare(picture), there, strict=True))
        assert all((way.several, way.contacts) == (other["several"], other["contacts"]) for way, other in pairs)
        for name in ("kept", "odds"):
            assert [getattr(way, name) for way, _ in pairs] == pytest.approx([o[name] for _, o in pairs], abs=1e-4)
        far = [np.abs(way.pixels.ravel() - np.array(other["pixels"])).max() for way, other in pairs]
        exact += max(far) <= 1
    assert exact >= 0.95 * len(pictures)


def test_the_page_is_one_small_file_that_asks_nobody(tmp_path, sample):
    model = LeNet(seed=0)
    path = take_home(model, tmp_path / "my_network.html", validation=sample.validation)
    page = path.read_text(encoding="utf-8")
    assert path.stat().st_size <= 300_000
    assert "default-src 'none'" in page and not re.search(r"""(src|href)=|url\(|@import|https?:""", page)
    assert not re.search(r"""from ["']\./|\{\{""", page)
    assert "my_network, with 15,626 parameters" in page
    assert f"Of {len(sample.validation):,} digits" in page
    about = json.loads(re.search(r'id="lenet-about">(.*?)</script>', page)[1])
    weights = np.frombuffer(base64.b64decode(about["weights"]), "<f4")
    assert np.array_equal(weights, np.concatenate([p.detach().numpy().ravel() for p in model.parameters()]))


def test_the_accuracy_at_its_foot_is_that_of_reading_as_predict_does(classifier, sample, tmp_path):
    page = take_home(classifier.model, tmp_path / "page.html", validation=sample.validation).read_text(encoding="utf-8")
    right = np.mean(classifier.predict(sample.validation.pixels) == sample.validation.labels)
    assert f"reads {right:.2%} right" in page


def test_a_name_is_text_and_never_html(sample, tmp_path):
    few = sample.validation.__class__("few", sample.validation.pixels[:10], sample.validation.labels[:10])
    page = take_home(LeNet(seed=0), tmp_path / "page.html", "</p><script>&", few).read_text(encoding="utf-8")
    assert "&lt;/p&gt;&lt;script&gt;&amp;" in page and "</p><script>&" not in page


@pytest.mark.filterwarnings("ignore:Using the bundled sample")
def test_the_command_names_the_model_and_refuses_bad_files(tmp_path, monkeypatch):
    save_model(LeNet(seed=0), tmp_path / "mine.pth")
    out = tmp_path / "page.html"
    arguments = ["page", str(out), "--model", str(tmp_path / "mine.pth"), "--data", "sample"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{out}: ") and "mine.pth, with 15,626" in out.read_text(encoding="utf-8")
    assert "there is no folder" in CliRunner().invoke(cli, ["page", str(tmp_path / "none" / "page.html")]).output
    lost = CliRunner().invoke(cli, ["page", str(out), "--model", str(tmp_path / "lost.pth")])
    assert "lost.pth does not exist" in str(lost.exception)
