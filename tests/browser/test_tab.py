"""The watch over a tab: what it must notice, it notices."""

import pytest
from browser_tab import is_outside, watched


@pytest.mark.parametrize(
    "address", ["https://cdn.example.org/a.css", "http://192.0.2.1/", "ws://example.org/socket", "//example.org/a.js"]
)
def test_another_host_is_outside(address):
    assert is_outside(address if "://" in address else "https:" + address)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8866/", "ws://localhost/x", "data:,", "blob:http://127.0.0.1/1"])
def test_this_computer_and_the_page_itself_are_not(address):
    assert not is_outside(address)


def test_a_request_for_another_host_fails_the_test(chromium):
    with pytest.raises(AssertionError, match="asked another host"), watched(chromium) as page:
        page.evaluate("fetch('http://outside.invalid/style.css').catch(() => {})")


def test_an_error_in_the_console_fails_the_test(chromium):
    with pytest.raises(AssertionError, match="it broke"), watched(chromium) as page:
        page.evaluate("console.error('it broke')")


def test_an_uncaught_error_fails_the_test(chromium):
    with pytest.raises(AssertionError, match="nobody caught it"), watched(chromium) as page:
        page.evaluate("setTimeout(() => { throw new Error('nobody caught it'); })")
        page.wait_for_timeout(100)
