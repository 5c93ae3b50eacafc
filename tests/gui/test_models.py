"""The story of choosing a model, judged."""

from conftest import Window


def test_offline_there_is_no_download(window: Window) -> None:
    saw = window.saw("choosing", "offline")
    assert not saw["poll"]
    assert saw["requests"] == 0


def test_licence_comes_first_and_cancel_leaves_no_model(window: Window) -> None:
    saw = window.saw("choosing", "cancelled")
    assert saw["before"] == 0, "the hub was asked before the licence was accepted"
    assert saw["running"]
    assert not saw["error"] and not saw["there"]


def test_download_goes_on_where_it_was_cancelled(window: Window) -> None:
    saw = window.saw("choosing", "gone_on")
    assert saw["there"]
    assert saw["ranges"] == [f"bytes={1 << 17}-"]
