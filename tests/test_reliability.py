"""Small versions of the campaigns of ``make reliability``."""

import json

import pytest

from reliability import crowd
from reliability.__main__ import main, run
from reliability.report import CAMPAIGNS, Store


def test_a_campaign_is_kept_and_reported(tmp_path, monkeypatch, capsys):
    outcome = {"programs": 2, "rows": [], "failures": ["round 1: a program ended with nothing"]}
    monkeypatch.setattr(crowd, "run", lambda quick, seed: outcome)
    store = Store(build=tmp_path / "build", docs=tmp_path / "docs")
    assert main(["crowd"], store) == 1
    text = (tmp_path / "docs" / "RELIABILITY.md").read_text(encoding="utf-8")
    assert f"## {CAMPAIGNS['crowd']}" in text and "- round 1: a program ended with nothing" in text
    assert "Lost: nothing" not in text
    # A campaign that is not run again keeps its text.
    (tmp_path / "build" / "crowd.json").unlink()
    assert main(["--report"], store) == 0
    assert (tmp_path / "docs" / "RELIABILITY.md").read_text(encoding="utf-8") == text


def test_an_unknown_campaign_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["crowds"])
    assert "unknown campaign crowds; choose from crowd, pictures" in capsys.readouterr().err


def test_a_crowd_downloads_once_whatever_happens():
    result = run("crowd")
    assert json.loads(json.dumps(result)) == result
    assert result["failures"] == []
    assert [row["downloads"] for row in result["rows"]] == [row["expected"] for row in result["rows"]] == [4, 1, 6, 4]
    assert "an empty folder" in crowd.show(result)
