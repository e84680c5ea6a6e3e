"""The microscope's page: what it holds, and what a reader sees in a browser without a network."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gans.errors import UserError
from gans.study import Microscope, microscope
from tests.gans.commands import failure, gans

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def page() -> Microscope:
    return microscope("dcgan", batch_size=8, features=4, latent=6)


@pytest.fixture(scope="module")
def penalized() -> Microscope:
    return microscope("wgan-gp", "ring", batch_size=8, width=8, critic_steps=1, verify=True)


def content(page: Microscope) -> Any:
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.DOTALL)
    return json.loads(text)


def test_a_page_is_one_file_without_a_network(page: Microscope, tmp_path: Path) -> None:
    page.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert text == page.html
    assert len(text) < 5e6
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text)
    with pytest.raises(UserError, match=r"the page's name must end in \.html"):
        page.save(tmp_path / "page.htm")
    assert "<iframe srcdoc=" in page._repr_html_()


def test_each_parameter_is_marked(page: Microscope) -> None:
    d, g = content(page)["updates"]
    marks = {p["name"].partition(".")[0]: p["mark"] for p in d["parameters"]}
    assert marks == {"generator": "never reached", "discriminator": "gets a gradient"}
    marks = {p["name"].partition(".")[0]: p["mark"] for p in g["parameters"]}
    assert marks == {"generator": "gets a gradient", "discriminator": "would get one, thrown away"}
    for update in (d, g):
        for p in update["parameters"]:
            assert (p["gradient"] is None) == (p["mark"] != "gets a gradient")
            assert (p["thrown"] is None) == (p["mark"] != "would get one, thrown away")


def test_the_numbers_are_those_of_the_traces(page: Microscope) -> None:
    for update, opened in zip(content(page)["updates"], page.step.updates, strict=True):
        assert update["numbers"] == pytest.approx(opened.numbers, rel=1e-6)
        for index, value in update["values"].items():
            statistics = opened.trace.values[int(index)].statistics
            assert value["norm"] == pytest.approx(statistics.norm, rel=1e-6)


def test_a_chain_leads_from_the_loss_to_the_parameter(penalized: Microscope) -> None:
    update = content(penalized)["updates"][0]
    trace = penalized.step.updates[0].trace
    assert any(update["chains"].values())
    for value, chains in update["chains"].items():
        for chain in chains:
            walk = trace.walks[chain["walk"]]
            target = walk.output
            for pull, position in chain["links"]:
                call = trace.calls[trace.pulls[pull].call]
                assert call.output == target
                target = call.inputs[position]
            assert target == int(value)
    ends = [
        update["pulls"][chain["links"][-1][0]] for chains in update["chains"].values() for chain in chains
    ]
    orders = {pull["order"] for pull in ends}
    assert orders == {1, 2}  # through D itself, and through the gradient in the penalty


def test_a_verified_page_has_every_error(penalized: Microscope) -> None:
    assert penalized.agrees
    assert 0 < penalized.worst < 1e-6
    assert f"largest relative error {penalized.worst:.1e}" in penalized.html
    for update in content(penalized)["updates"]:
        checked = [p for p in update["parameters"] if p["gradient"] is not None]
        assert checked
        assert all(p["check"]["error"] <= penalized.worst * 1.000001 for p in checked)


@pytest.mark.parametrize("model", ["gan", "dcgan", "wgan-gp"])
def test_a_gradient_has_three_values(model: str) -> None:
    sizes = {"gan": {}, "dcgan": {"features": 2}, "wgan-gp": {"features": 2, "critic_steps": 2}}[model]
    page = microscope(model, verify=True, batch_size=2, latent=5, **sizes)
    for update, by_hand in zip(content(page)["updates"], page.by_hand, strict=True):
        asked = [p for p in update["parameters"] if p["gradient"] is not None]
        assert {p["value"] for p in asked} == by_hand.keys()
        for p in asked:
            assert p["by_hand"]["norm"] == pytest.approx(
                update["values"][str(p["gradient"])]["norm"], rel=1e-6
            )
    assert page.worst_by_hand < 1e-10
    assert page.agrees
    assert "gradients by hand: largest relative difference" in page.html


def test_another_loss_has_no_hand_written_twin() -> None:
    page = microscope("dcgan", verify=True, batch_size=2, latent=3, features=2, objective="minimax")
    assert list(page.by_hand) == [{}, {}]
    assert "by hand:" not in page.verdict


def test_the_command_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert gans("microscope", "gan", "--data", "ring", "--batch-size", 8, "--verify") == 0
    said = capsys.readouterr().out
    assert "gan-step.html: GAN, step 1 of ring, seed 0" in said
    assert "largest relative error" in said
    assert (tmp_path / "gan-step.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nogan"], "there is no model 'nogan'"),
        (["gan", "--out", "page.txt"], "--out page.txt: the page's name must end in .html"),
        (["gan", "--out", "no/page.html"], "--out no/page.html"),
        (["gan", "--step", "0"], "--step"),
        (["gan", "--penalty", "1"], "gan has no setting --penalty"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in failure(capsys, "microscope", *arguments)
    assert list(tmp_path.iterdir()) == []


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not there")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright of Chromium is not there")
    with playwright.sync_playwright() as started:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        launched = started.chromium.launch(executable_path=CHROMIUM, args=options)
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A function that opens a page, offline; at the end there was no error and no request."""
    faults: list[str] = []
    contexts = []

    def show(made: Microscope, width: int = 1400, scheme: str = "light") -> Any:
        made.save(tmp_path / "page.html")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on(
            "request",
            lambda sent: None if sent.url.startswith(("file:", "data:")) else faults.append(sent.url),
        )
        tab.goto((tmp_path / "page.html").as_uri())
        return tab

    yield show
    for context in contexts:
        context.close()
    assert faults == []


def test_a_reader_clicks_a_layer_a_parameter_and_a_chain(page: Microscope, opened: Any) -> None:
    tab = opened(page)
    assert tab.locator(".update").count() == 2
    tab.locator('[data-update="1"] [data-node]', has_text="generator.2-3").first.click()
    assert tab.locator("#panel h2").inner_text() == "generator.2-3"
    assert "batch_norm" in tab.locator("#panel").inner_text()
    tab.locator("#panel button", has_text="generator.2.weight").click()
    assert tab.locator("#panel .gets").first.inner_text() == "gets a gradient"
    steps = tab.locator("#panel ol.chain li")
    assert steps.first.inner_text().startswith("the loss")
    assert "generator.2.weight" in steps.last.inner_text()
    before = steps.nth(1).inner_text()
    tab.locator("#samples button").nth(3).click()
    assert steps.nth(1).inner_text() != before  # another sample, other numbers


def test_a_reader_follows_a_sample_to_its_noise(page: Microscope, opened: Any) -> None:
    tab = opened(page)
    tab.locator("#to-follow").click()
    assert not tab.locator("#graphs").is_visible()
    ways = tab.locator("#follow h3").all_inner_texts()
    assert "back to normal" in ways
    names = tab.locator("#follow .stations").last.locator(".station b").all_inner_texts()
    assert names[0].startswith("discriminator")
    assert names[-1] == "normal"
    assert tab.locator("#follow canvas").count() > 20


def test_a_reader_steps_through_the_ops_with_arrow_keys(page: Microscope, opened: Any) -> None:
    tab = opened(page)
    tab.locator("#to-ops").click()
    rows = tab.locator("#ops section").first.locator("tr[tabindex]")
    assert rows.count() == len(page.step.updates[0].trace.calls)
    rows.nth(2).click()
    tab.keyboard.press("ArrowDown")
    assert tab.locator("#ops tr.chosen td").first.inner_text() == "4"
    tab.keyboard.press("ArrowUp")
    assert tab.locator("#ops tr.chosen td").first.inner_text() == "3"


def test_the_page_says_where_gradients_stop(page: Microscope, penalized: Microscope, opened: Any) -> None:
    reasons = [{stop["reason"] for stop in update["stops"]} for update in content(page)["updates"]]
    assert "no_grad" in reasons[0]
    assert reasons[1] == {"not asked for"}
    assert "zero rule" in {stop["reason"] for stop in content(penalized)["updates"][0]["stops"]}
    text = opened(page).locator(".stops").first.inner_text()
    assert "no_grad: it was computed within no_grad, so there is no graph behind it." in text


def test_the_second_derivative_has_boxes_and_ways(penalized: Microscope, opened: Any) -> None:
    tab = opened(penalized)
    assert "largest relative error" in tab.locator("#verdict").inner_text()
    assert tab.locator('[data-update="0"] .rule').count() > 5
    tab.locator('[data-update="0"] table button', has_text="discriminator.0.weight").click()
    assert tab.locator("#panel ol.chain li.second").count() > 3
    assert "finite difference" in tab.locator("#panel").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 420])
def test_the_page_fits_wide_and_narrow_windows(
    page: Microscope, opened: Any, width: int, scheme: str
) -> None:
    tab = opened(page, width, scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    back = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 29)")
    tab.keyboard.press("Tab")
    for _ in range(12):
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.tagName") in ("g", "BUTTON", "rect")
