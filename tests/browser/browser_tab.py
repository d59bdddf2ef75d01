"""A tab that is watched: it fails when it asks another host for something, or when its console shows an error."""

import re
from contextlib import contextmanager
from urllib.parse import urlsplit

# JupyterLab's own remarks, which have nothing to do with the course.
NOT_OURS = re.compile(r"favicon|ResizeObserver loop|registerFileType|Failed to load resource.*(404|401)")


@contextmanager
def watched(browser, expected=None, **options):
    """A tab that fails at its end when it asked another host for something or wrote an error to its console.

    The one error `expected` may stand there.
    """
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    page = context.new_page()
    page.set_default_timeout(60_000)
    outside, errors = [], []
    context.on("request", lambda request: outside.append(request.url) if is_outside(request.url) else None)
    page.on("websocket", lambda socket: outside.append(socket.url) if is_outside(socket.url) else None)
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert not outside, f"asked another host: {outside}"
    ours = [error for error in errors if not NOT_OURS.search(error) and error != expected]
    assert not ours, f"errors in the console: {ours}"


def is_outside(address):
    """Tell an address on another host from those of this computer and of the page itself."""
    parts = urlsplit(address)
    return parts.scheme in ("http", "https", "ws", "wss", "ftp") and parts.hostname not in ("127.0.0.1", "localhost")


def serious_problems(page, inside=None):
    """Return what axe-core finds that keeps people out, in the page or in the element of a selector: a list of str."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=inside).response
    assert found["passes"], "axe looked at nothing"
    return [
        f"{problem['id']}: {problem['help']}: {[node['html'][:150] for node in problem['nodes'][:3]]}"
        for problem in found["violations"]
        if problem["impact"] in ("serious", "critical")
    ]
