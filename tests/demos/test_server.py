"""The server of the demo page: who may open it, and where it is. It is started in tests/browser."""

import json
import socket
import subprocess
import sys

import nbformat
import psutil
import pytest
from click.testing import CliRunner

from lenet_helpers import ModelError
from lenet_helpers.cli.main import cli
from lenet_helpers.demos import server
from lenet_helpers.system.paths import COURSE


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_this_computer_needs_no_token(host):
    assert server.is_local(host) and server.token_for(host) == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "my-laptop"])
def test_others_always_need_a_token(host):
    first, second = server.token_for(host), server.token_for(host)
    assert not server.is_local(host) and first != second
    assert len(first) >= server.SHORTEST_TOKEN and first.isalnum()
    assert server.token_for(host, "classroom7") == "classroom7"


@pytest.mark.parametrize("token", ["", "short", "two words here", "schönes-wort"])
def test_a_weak_token_is_refused(token):
    with pytest.raises(server.DemoError, match="at least 8"):
        server.token_for("0.0.0.0", token)


def test_a_taken_port_is_passed_over_unless_asked_for():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(server.DemoError, match=f"port {port}"):
            server.free_port("127.0.0.1", port)
    assert server.free_port("127.0.0.1") >= server.PORT
    with pytest.raises(server.DemoError, match="--host"):
        server.free_port("203.0.113.1", 8899)  # a documentation address, nobody's own


def test_address_is_what_a_tablet_can_type():
    assert server.address("127.0.0.1", 80) == "http://127.0.0.1:80/"
    assert server.address("::1", 80, "abc") == "http://[::1]:80/?token=abc"
    assert "0.0.0.0" not in server.address("0.0.0.0", 80, "abc")


def test_a_base_url_has_a_slash_at_both_ends():
    assert server.base_url_for("/") == server.base_url_for("") == "/"
    assert server.base_url_for("user/anna") == server.base_url_for("//user/anna/") == "/user/anna/"
    assert server.address("127.0.0.1", 80, "abc", "/user/anna/") == "http://127.0.0.1:80/user/anna/?token=abc"
    for bad in ("https://hub.org/user", "/user/an na/", "/x?y", "/<x>"):
        with pytest.raises(server.DemoError, match="--base-url"):
            server.base_url_for(bad)


def test_only_origins_may_frame_the_page():
    assert server.ancestors_for(()) == "frame-ancestors 'self'"
    policy = server.ancestors_for(["https://lms.example.org:8443", "https://*.example.org"])
    assert policy == "frame-ancestors https://lms.example.org:8443 https://*.example.org"
    for bad in ("lms.example.org", "https://a.org; script-src *", "https://a.org/page", "https://a.org\nX-Header: y"):
        with pytest.raises(server.DemoError, match="--frame-ancestors"):
            server.ancestors_for([bad])


def test_the_notebook_is_one_cell_and_quotes_the_path():
    made = server.notebook('/tmp/it\'s "here"/model.pth')
    nbformat.validate(made)
    [cell] = made.cells
    compile(cell.source, "cell", "exec")
    assert repr('/tmp/it\'s "here"/model.pth') in cell.source


def test_jupyter_finds_the_kernel_of_the_page(tmp_path, monkeypatch):
    """It is this very Python, whatever other kernels are installed; and the other kernels stay to be had."""
    from jupyter_client.kernelspec import KernelSpecManager

    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    server.write_kernel(tmp_path)
    spec = KernelSpecManager().get_kernel_spec(server.notebook("m.pth").metadata.kernelspec.name)
    assert spec.argv[0] == sys.executable and "{connection_file}" in spec.argv
    assert "python3" in KernelSpecManager().find_kernel_specs()


def test_voila_takes_every_option():
    """Also in the next version: an unknown option would be ignored silently."""
    voila = pytest.importorskip("voila.app").Voila
    from voila.configuration import VoilaConfiguration

    words = server.arguments("demos.ipynb", "127.0.0.1", 8866, "classroom7", False, "/user/anna/")
    names = [word.removeprefix("--").split("=")[0] for word in words if word.startswith("--")]
    manager = VoilaConfiguration().multi_kernel_manager_class
    homes = {each.__name__: each for each in (voila, VoilaConfiguration, *manager.__mro__)}
    for name in names:
        if "." in name:
            owner, trait = name.split(".")
            assert homes[owner].class_traits(config=True).get(trait), name
        else:
            assert name in voila.aliases or name in voila.flags or name in ("token", "no-browser"), name


def test_the_template_has_no_request_for_another_host():
    from jinja2 import BaseLoader, Environment

    folder = COURSE / "lenet_helpers" / "demos" / "voila" / "templates" / "lenet"
    assert json.loads((folder / "conf.json").read_text()) == {"base_template": "lab"}
    template = (folder / "index.html.j2").read_text()
    Environment(loader=BaseLoader()).parse(template)
    assert "http" not in template


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nowhere.pth"], "nowhere.pth does not exist"),
        (["--token", "short"], "at least 8"),
        (["--host", "203.0.113.1"], "can't listen"),
    ],
)
def test_the_command_says_what_is_wrong_before_it_serves(arguments, message):
    result = CliRunner().invoke(cli, ["demo", "--no-browser", *arguments])
    assert isinstance(result.exception, server.DemoError | ModelError)
    assert message in str(result.exception)


def test_the_server_needs_no_torch():
    """Every visitor's process imports it anyway; here it would only delay the page."""
    code = "import sys, lenet_helpers.demos.server, voila.app; sys.exit('torch' in sys.modules)"
    pytest.importorskip("voila.app")
    assert subprocess.run([sys.executable, "-c", code], cwd=COURSE).returncode == 0


def test_a_model_is_tried_in_another_process(tmp_path):
    (tmp_path / "wrong.pth").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"wrong\.pth"), server._model_checked(tmp_path / "wrong.pth"):
        pass
    with server._model_checked(COURSE / "model.pth", tmp_path / "tablets.html"):
        pass
    page = (tmp_path / "tablets.html").read_text(encoding="utf-8")
    assert "The network is model.pth" in page and 'href="?all"' in page
    with pytest.raises(KeyboardInterrupt), server._model_checked(COURSE / "model.pth"):
        raise KeyboardInterrupt
    assert not [child for child in psutil.Process().children() if "load_model" in " ".join(child.cmdline())]


def test_the_command_hands_everything_on(monkeypatch):
    seen = []
    monkeypatch.setenv("LENET_DATA", "")
    monkeypatch.setattr(server, "serve", lambda *arguments, say: seen.append(arguments))
    result = CliRunner().invoke(
        cli,
        ["demo", "--host", "0.0.0.0", "--port", "9000", "--token", "classroom7", "--no-browser", "--data", "sample",
         "--base-url", "/user/anna", "--frame-ancestors", "https://a.org", "--frame-ancestors", "https://b.org"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert seen == [
        (COURSE / "model.pth", "0.0.0.0", 9000, "classroom7", False, "/user/anna", ("https://a.org", "https://b.org"))
    ]
