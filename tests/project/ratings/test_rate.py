"""The page on which a rater labels items: its order, its answers, and who may call it."""

import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import wave
from contextlib import contextmanager
from urllib.parse import urlsplit

import av
import numpy as np
import pytest
from PIL import Image

from affekt.core.errors import MediaError, UsageError
from affekt.project.folder import Project
from affekt.project.ratings.page.media import medium_of
from affekt.project.ratings.page.queue import TAKEN_BACK, Queue
from affekt.project.records.media import import_media
from affekt.project.records.upsert import import_records

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def draw_clip(path):
    """One second of a moving square."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(10):
            frame = np.full((48, 64, 3), (40, 90, 160), np.uint8)
            frame[10:30, number * 3 : number * 3 + 20] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame)))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A folder with a record file and a video, a sound and two pictures."""
    folder = tmp_path_factory.mktemp("collected")
    draw_clip(folder / "v1.mp4")
    with wave.open(str(folder / "s1.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes((np.sin(np.arange(8000) / 5) * 8000).astype("<i2").tobytes())
    for name in ("p1", "p2"):
        Image.new("RGB", (32, 24), (200, 120, 40)).save(folder / f"{name}.png")
    (folder / "records.csv").write_text("id,title\np1,<b>Noise</b>\np2,\ns1,\nt1,text only\nv1,Flood\n")
    return folder


@pytest.fixture
def news(collected, tmp_path):
    """A project with four items that can be shown, and one without a medium."""
    made = Project.init(tmp_path / "clips", labels="plutchik-wheel-8", title="News & more")
    import_records(made, collected / "records.csv")
    import_media(made, collected)
    return made


def ratings(project, columns="item_id, rater, round, label"):
    with project.database() as connection:
        found = connection.execute(f"SELECT {columns} FROM rating ORDER BY item_id, rater, round")
        return [tuple(row) for row in found]


def order(project, rater, round=1):
    """All items that a rater is shown, who answers joy."""
    queue, found = Queue(rater, round), []
    with project.database() as connection:
        while (item := queue.next_item(connection)) is not None:
            found.append(item.id)
            queue.rate(connection, item.id, "joy", 1.0)
    return found


def test_items_with_the_fewest_ratings_come_first_then_those_of_which_raters_disagree(news, rated):
    rated(news, "item,rater,label\np1,ben,joy\np2,ben,joy\np2,carla,fear\nv1,ben,joy\nv1,carla,joy\n")
    assert order(news, "anna") == ["s1", "p1", "p2", "v1"]


def test_a_second_round_begins_with_what_the_rater_rated_in_the_first(news, rated):
    rated(news, "item,rater,label\nv1,anna,joy\np1,ben,joy\n")
    assert order(news, "anna", round=2) == ["v1", "p1", "p2", "s1"]


def test_skipped_items_are_not_shown_until_they_are_asked_for(news):
    queue = Queue("anna", 1)
    with news.database() as connection:
        queue.skip(connection, "p1")
        assert queue.next_item(connection).id == "p2"
        assert queue.progress(connection) == (0, 1, 4)
        queue.show_skipped_again(connection)
        assert queue.next_item(connection).id == "p1"
        assert Queue("ben", 1).next_item(connection).id == "p1"


def test_an_answer_that_is_taken_back_is_kept_beside_the_ratings(news):
    queue = Queue("anna", 1)
    with news.database() as connection:
        queue.rate(connection, "p1", "joy", 2.5)
        with pytest.raises(UsageError, match="anna has rated p1 already: joy"):
            queue.rate(connection, "p1", "fear", 1.0)
        queue.take_back(connection, "p1")
        assert queue.next_item(connection).id == "p1"
        row = connection.execute("SELECT item, label, seconds, kind FROM rating_left_out").fetchone()
    assert tuple(row) == ("p1", "joy", 2.5, TAKEN_BACK)


def test_only_media_of_the_project_are_served(news, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    with news.database() as connection:
        path = connection.execute("SELECT path FROM medium WHERE item_id = 'p1'").fetchone()[0]
        assert medium_of(news, connection, path)[1] == "image/png"
        for other in ("../../secret.txt", str(tmp_path / "secret.txt"), "project.sqlite", path + "/../x", ""):
            with pytest.raises(MediaError, match="no medium"):
                medium_of(news, connection, other)
        connection.execute("UPDATE medium SET path = '../secret.txt' WHERE item_id = 'p2'")
        with pytest.raises(MediaError, match="no medium"):
            medium_of(news, connection, "../secret.txt")
        (news.path / path).unlink()
        (news.path / path).symlink_to(tmp_path / "secret.txt")
        with pytest.raises(MediaError, match="a link to another file"):
            medium_of(news, connection, path)


@contextmanager
def served(project, rater, *arguments):
    """The command in another process: its process and the address of the page."""
    pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
    pytest.importorskip("starlette", reason="the extra `serve` is not installed")
    program = "from affekt.cli.main import run; run()"
    command = ["project", "rate", str(project.path), "--rater", rater, *arguments]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *command], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        yield process, found[0]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


class Caller:
    """Requests to one address, as another program on this machine can make them."""

    def __init__(self, address):
        self.parts = urlsplit(address)

    def __call__(self, what, path="", body=None, **headers):
        connection = http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=20)
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body)
        path = path if path.startswith("/") else self.parts.path + path
        try:
            connection.request(what, path, content, own)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    @property
    def origin(self):
        return f"http://{self.parts.netloc}"


def test_the_page_answers_only_to_its_own_secret_host_and_origin(news):
    with served(news, "anna") as (process, address):
        call = Caller(address)
        assert call.parts.hostname == "127.0.0.1" and len(call.parts.path) > 30
        status, text, headers = call("GET")
        assert status == 200 and b"News &amp; more" in text
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert call("GET", "/")[0] == call("GET", "/next")[0] == call("GET", "/wrong/next")[0] == 404
        assert call("GET", host="evil.example")[0] == 400
        assert call("GET", host=f"localhost:{call.parts.port}")[0] == 200
        answer = {"what": "rate", "item": "p1", "label": "joy", "seconds": 1.5}
        assert call("POST", "answer", answer)[0] == 403
        assert call("POST", "answer", answer, origin="http://evil.example")[0] == 403
        assert call("POST", "answer", answer, origin="null")[0] == 403
        assert ratings(news) == []
        status, text, _ = call("POST", "answer", answer, origin=call.origin)
        assert status == 200 and json.loads(text)["rated"] == 1
        assert call("GET", "media?path=project.sqlite")[0] == 404
        assert call("GET", "media?path=..%2F..%2Fetc%2Fpasswd")[0] == 404
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "anna: 1 of 4 items rated" in said and "Traceback" not in said
    assert ratings(news, "item_id, rater, round, label, seconds") == [("p1", "anna", 1, "joy", 1.5)]


def test_media_are_sent_in_ranges_and_wrong_answers_change_nothing(news):
    with served(news, "anna") as (_, address):
        call = Caller(address)
        with news.database() as connection:
            path = connection.execute("SELECT path FROM medium WHERE kind = 'video'").fetchone()[0]
        status, content, headers = call("GET", f"media?path={path}", range="bytes=0-9")
        assert (status, len(content), headers["content-type"]) == (206, 10, "video/mp4")
        for body, expected in (
            ({"what": "rate", "item": "p1", "label": "bored"}, 400),
            ({"what": "rate", "item": "none", "label": "joy"}, 409),
            ({"what": "undo"}, 400),
            ({"item": "p1"}, 400),
            ({"what": "rate", "item": "p1", "label": "joy", "seconds": [1]}, 400),
            ([1], 400),
            ({"what": "x" * 5000}, 413),
        ):
            assert call("POST", "answer", body, origin=call.origin)[0] == expected, body
        assert ratings(news) == []


def test_two_raters_at_once_have_a_page_each_and_lose_nothing(news):
    with served(news, "anna") as (_, first), served(news, "ben") as (_, second):
        callers = {"anna": Caller(first), "ben": Caller(second)}
        for item in ("p1", "p2", "s1", "v1"):
            for call in callers.values():
                body = {"what": "rate", "item": item, "label": "joy", "seconds": 1}
                assert call("POST", "answer", body, origin=call.origin)[0] == 200
    assert len(ratings(news)) == 8


def test_a_project_without_media_and_a_port_in_use_are_errors(project, news):
    from affekt.project.ratings.page.serve import serve

    pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
    pytest.importorskip("starlette", reason="the extra `serve` is not installed")
    with pytest.raises(UsageError, match=r"no item of .* has a video, sound or picture"):
        serve(project, "anna", on_ready=print)
    with pytest.raises(UsageError, match="is not a name"):
        serve(news, " ", on_ready=print)
    with served(news, "anna") as (_, address), pytest.raises(UsageError, match="cannot be used"):
        serve(news, "ben", port=urlsplit(address).port, on_ready=print)


@pytest.fixture
def browser():
    """Debian's Chromium, driven by Playwright."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium: the page cannot be opened in a browser")
    flags = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
    with driver.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


def test_a_rater_labels_all_items_with_the_keyboard_in_a_browser(news, browser):
    with served(news, "anna") as (_, address):
        page = browser.new_page(viewport={"width": 390, "height": 844})
        problems, asked = [], []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)

        def on(item):
            page.wait_for_selector(f"#caption small:text-is('{item}')")
            page.wait_for_timeout(300)  # the page ignores a second press shortly after an answer

        on("p1")
        assert page.inner_text("#caption").startswith("<b>Noise</b>")
        assert page.evaluate("document.querySelector('#stage img').naturalWidth") == 32
        page.keyboard.press("3")
        on("p2")
        page.keyboard.press("s")
        on("s1")
        page.wait_for_function("document.querySelector('audio').currentTime > 0.05")
        page.keyboard.press("u")  # the skip
        on("p2")
        page.keyboard.press("u")  # the rating
        on("p1")
        page.keyboard.press("1")
        on("p2")
        page.keyboard.press("s")
        on("s1")
        page.click("#labels button:has-text('anger')")
        on("v1")
        page.wait_for_function("document.querySelector('video').currentTime > 0.05")
        assert page.evaluate("document.querySelector('video').videoWidth") == 64
        page.wait_for_timeout(900)
        page.keyboard.press("8")
        page.wait_for_selector("text=Only skipped items are left")
        page.click("text=show 1 skipped again")
        on("p2")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("2")
        page.wait_for_selector("text=All items are rated")
        assert page.inner_text("#count") == "4 of 4 rated"
        assert problems == []
        assert all(url.startswith((address, "data:")) for url in asked)
        page.close()
    found = {row[0]: row[1:] for row in ratings(news, "item_id, label, seconds")}
    assert {item: label for item, (label, _) in found.items()} == {
        "p1": "joy", "p2": "trust", "s1": "anger", "v1": "anticipation",
    }  # fmt: skip
    assert 1.0 < found["v1"][1] < 20


def test_a_page_whose_server_has_ended_says_so(news, browser):
    with served(news, "anna") as (process, address):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(".label:enabled")
        page.wait_for_timeout(300)
        process.send_signal(signal.SIGINT)
        process.wait(20)
        page.keyboard.press("3")
        page.wait_for_selector("#alert:has-text('The server does not answer')")
        assert page.inner_text("#caption small") == "p1", "the item stays"
        page.close()
    assert ratings(news) == []
