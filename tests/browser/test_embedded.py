"""`lenet demo` behind a proxy and in frames, for tablets, and what a visitor can't do with it."""

import asyncio
import json
import re
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import psutil
import pytest
from browser_hands import DIGITS, Hand
from browser_servers import demo_page, listens
from browser_tab import watched
from prefix_proxy import proxied
from tornado.websocket import websocket_connect

PREFIX = "/user/anna/demo/"


def kernels():
    """The visitors' processes; some are ending."""
    found = set()
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            found |= {each.pid} if "ipykernel_launcher" in " ".join(each.cmdline()) else set()
    return found


def ask(address, method="GET", body=None):
    """Return status and headers of an answer; a redirection is one."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        with opener.open(urllib.request.Request(address, body, method=method), timeout=60) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


@pytest.fixture(scope="module")
def served(tmp_path_factory, chromium):
    """The page below a path, which an LMS may frame."""
    options = (f"--base-url={PREFIX}", "--frame-ancestors=https://lms.example.org")
    with demo_page(tmp_path_factory.mktemp("home"), *options, there=listens) as (address, _):
        yield address.rstrip("/") + PREFIX


@pytest.fixture(scope="module")
def opened(served, chromium):
    """The page as a browser sees it through the proxy: what was asked for beside its path, its policy, its kernel."""
    with proxied(served) as (address, outside), watched(chromium) as page:
        policy = page.goto(address).headers["content-security-policy"]
        page.locator(".lenet-pad canvas").wait_for()
        kernel = json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]
        yield SimpleNamespace(page=page, outside=outside, policy=policy, kernel=kernel)


def test_behind_a_proxy_the_page_asks_for_nothing_beside_its_path(opened):
    hand = Hand(opened.page, opened.page.locator(".lenet-page"))
    hand.draw(DIGITS[3])
    assert hand.read(1) == 3
    opened.page.get_by_role("tab", name="Convolution", exact=True).click()
    opened.page.get_by_role("combobox", name="Stride").wait_for()
    assert not [path for path in opened.outside if path != "/favicon.ico"]


def test_it_says_who_may_frame_it(opened):
    assert opened.policy == "frame-ancestors https://lms.example.org"


def send(address, *messages):
    """Send messages to a kernel's channel; return the kinds of what comes back until the kernel tells about itself."""

    async def talk():
        channel = await websocket_connect(address)
        for each in messages:
            await channel.write_message(json.dumps(message(*each)))
        heard = []
        while "kernel_info_reply" not in heard and (answer := await channel.read_message()) is not None:
            heard.append(json.loads(answer)["header"]["msg_type"])
        channel.close()
        return heard

    # In a thread of its own: in this one, the browser's loop is running.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(talk(), 60)).result()


def message(kind, content):
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": uuid.uuid4().hex, "username": ""}
    return {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}


def test_a_visitor_can_run_nothing(served, opened, tmp_path):
    """The channel answers what was sent after it: so it was not run later, either."""
    channel = f"{served.replace('http', 'ws', 1)}api/kernels/{opened.kernel}/channels"
    code = f"open({str(tmp_path / 'written')!r}, 'w').close()"
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    ask = ("kernel_info_request", {})
    assert "kernel_info_reply" in send(channel, ask)
    heard = send(channel, ("execute_request", content), ask)
    assert not [kind for kind in heard if kind.startswith("execute")]
    assert "kernel_info_reply" in send(channel, ask)
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_visitor_reaches_no_other_part_of_jupyter(served, method):
    before = kernels()
    body = b'{"name": "python3", "path": "x", "type": "notebook"}' if method != "GET" else None
    for path in (
        "contents",
        "contents/demos.ipynb",
        "kernels",
        "sessions",
        "terminals",
        "kernelspecs",
        "config/x",
        "nbconvert",
    ):
        status, headers, _ = ask(f"{served}api/{path}", method, body)
        # Every other path leads to the files, of which none is given out.
        assert status in (403, 404, 405) or (status == 302 and f"voila/files/api/{path}" in headers["Location"]), path
    assert not kernels() - before


@pytest.mark.parametrize(
    "path",
    [
        "voila/files/demos.ipynb",
        "voila/files/../demos.ipynb",
        "voila/files/%2e%2e/%2e%2e/etc/passwd",
        "voila/files//etc/passwd",
        "voila/static/../../../../etc/passwd",
        "voila/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "voila/templates/lenet/../../../server.py",
        "voila/templates/lenet/static/%2e%2e/index.html.j2",
        "voila/labextensions/%2e%2e/%2e%2e/etc/passwd",
        "voila/api/themes/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_a_visitor_gets_no_file(served, path):
    status, _, content = ask(served + path)
    assert status >= 400
    assert b"root:" not in content and b"lenet_helpers" not in content


def test_when_the_process_has_ended_the_page_says_so_and_offers_to_reload(served, chromium):
    before = kernels()
    # Jupyter's own client may notice it as well, and say so.
    with watched(chromium, expected="Kernel connection disconnected") as page:
        page.goto(served)
        page.locator(".lenet-pad canvas").wait_for()
        assert page.locator("#lenet-ended").count() == 0
        for pid in kernels() - before:
            psutil.Process(pid).kill()
        page.get_by_role("alert").get_by_text("has ended").wait_for()
        page.get_by_role("button", name="Reload").click()
        page.locator(".lenet-pad canvas").wait_for()
        hand = Hand(page, page.locator(".lenet-page"))
        hand.press("Sample digit 3")
        assert hand.read(1) == 3 and page.locator("#lenet-ended").count() == 0


def test_tablets_get_a_page_without_a_process_until_they_ask_for_all(tmp_path, chromium):
    before = kernels()
    with (
        demo_page(tmp_path / "home", "--host=0.0.0.0", "--token=classroom7", there=listens) as (address, _),
        proxied(address, source="127.0.0.2") as (tablet, _),
        watched(chromium, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}) as page,
    ):
        assert "DeprecationWarning" not in (log := (tmp_path / "home" / "log.txt").read_text())
        assert re.fullmatch(r"The demos are at .*\nEverybody .*\n", log), log
        assert ask(tablet)[0] == 302  # to the login
        page.goto(tablet + "?token=classroom7")
        hand = Hand(page, page.locator("main"), finger=True)
        hand.draw(DIGITS[7])
        assert hand.read(1) == 7 and not kernels() - before
        page.get_by_role("link", name="All demos").click()
        page.locator(".lenet-page .lenet-pad canvas").wait_for()
        assert kernels() - before
        status, _, content = ask(address + "?token=classroom7")
        assert status == 200 and b"jupyter-config-data" in content  # this computer gets everything at once
