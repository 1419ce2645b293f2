from __future__ import annotations

import json
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path

import httpx2
import pytest

from app.client import Answer, ImageProblem
from tests.e2e.server import ROOT, Server, command, environment, serving
from tests.models import MODELS
from tests.strokes import DIGITS, draw, encode
from tests.training.data import small_digits
from training.evaluate import evaluate


def test_a_drawn_digit_is_read_over_http(server: Server) -> None:
    for character in DIGITS:
        assert server.inkling.recognise(encode(draw(character, width=0.1))).label == character


def test_it_says_where_it_serves(server: Server) -> None:
    (said,) = (json.loads(line) for line in server.lines if '"event":"starting"' in line)
    assert said["address"] == server.url
    assert said["process"] == server.process.pid


def test_http_answers_what_evaluation_answers_to_the_image(server: Server) -> None:
    data = small_digits(300)
    (version,) = (model.version for model in server.inkling.models() if model.name == "digit")
    expected = evaluate(MODELS / "digit" / version, data, "mnist")
    answers = server.inkling.recognise_many(map(encode, data.images))
    for answer, label, confidence in zip(answers, expected.answers, expected.confidences, strict=True):
        assert isinstance(answer, Answer)
        assert answer.label == str(label)
        assert answer.confidence == pytest.approx(float(confidence), abs=1e-4)


def test_nobody_is_told_what_serves(server: Server) -> None:
    for path in ("/livez", "/nowhere", "/docs"):
        assert "server" not in server.client.get(path).headers


def test_a_head_has_no_body_and_leaves_the_connection_usable(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link, link.makefile("rb") as reply:
        for method, body in ((b"HEAD", b""), (b"HEAD", b""), (b"GET", b'{"status":"ready"}')):
            link.sendall(method + b" /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            head = []
            while (line := reply.readline()) != b"\r\n":
                head.append(line.lower())
            assert head[0] == b"http/1.1 200 ok\r\n"
            assert b"content-length: 18\r\n" in head
            assert reply.read(len(body)) == body


@pytest.mark.parametrize(
    "sent",
    [
        b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /predict/digit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n",
        b"\x16\x03\x01\x02\x00\x01",
    ],
    ids=["method", "path", "header", "chunk", "tls"],
)
def test_what_is_not_http_gets_a_problem_document(server: Server, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link, link.makefile("rb") as reply:
        link.sendall(sent)
        head, body = reply.read().split(b"\r\n\r\n")
    status, *lines = head.decode().lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert status == "http/1.1 400 bad request"
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    document = json.loads(body)
    assert document["code"] == "malformed-request"
    assert document["instance"] == headers["x-request-id"]
    assert "date" in headers


@pytest.mark.parametrize("follows", [b"\x16\x03\x01\x02", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"])
def test_a_whole_request_is_answered_though_what_follows_it_is_not_http(server: Server, follows: bytes) -> None:
    request = httpx2.Request("POST", f"{server.url}/predict/digit", files={"file": encode(draw("7"))})
    body = request.read()
    fields = b"".join(b"%s: %s\r\n" % field for field in request.headers.raw)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link, link.makefile("rb") as reply:
        link.sendall(b"POST /predict/digit HTTP/1.1\r\n" + fields + b"\r\n" + body + follows)
        head, answer = reply.read().split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(answer)["label"] == "7"


def test_of_two_requests_at_once_a_malformed_second_is_refused_in_its_turn(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link, link.makefile("rb") as reply:
        link.sendall(
            b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
            b"POST /predict/digit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n"
        )
        head, first, second = reply.read().split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    ready, refusal = first.split(b"HTTP/1.1 400 Bad Request\r\n")
    assert json.loads(ready) == {"status": "ready"}
    assert b"application/problem+json" in refusal
    assert json.loads(second)["code"] == "malformed-request"


def test_stalled_uploads_cost_nobody_an_answer(server: Server) -> None:
    stalled = []
    for _ in range(50):
        link = socket.create_connection(("127.0.0.1", server.port))
        link.sendall(
            b"POST /predict/digit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: 100000\r\n\r\n--b"
        )
        stalled.append(link)
    assert server.inkling.recognise(encode(draw("7"))).label == "7"
    for link in stalled:
        link.close()


def test_logs_are_json_lines_with_request_ids() -> None:
    with serving(log_format="json", runtime="litert") as running:
        running.client.get("/livez", headers={"X-Request-ID": "find-me"})
        with socket.create_connection(("127.0.0.1", running.port), timeout=30) as link, link.makefile("rb") as reply:
            link.sendall(b"no HTTP\r\n\r\n")
            malformed = json.loads(reply.read().split(b"\r\n\r\n")[1])["instance"]
        running.stop()
        records = [json.loads(line) for line in running.lines if line.startswith("{")]
    (found,) = [record for record in records if record.get("request_id") == "find-me"]
    assert (found["path"], found["status"], found["level"]) == ("/livez", 200, "info")
    assert [record["event"] for record in records if record.get("request_id") == malformed] == ["malformed request"]


@pytest.mark.parametrize("options", [{"runtime": "savedmodel"}, {"runtime": "litert"}], ids=str)
def test_the_log_of_a_start_is_json_lines_and_nothing_else(options: dict[str, object]) -> None:
    with serving(log_format="json", **options) as running:
        running.stop()
    events = [json.loads(line)["event"] for line in running.lines]
    assert events[0] == "starting"
    assert events.count("model loaded") == 2


def test_the_log_of_several_workers_is_json_lines_and_nothing_else() -> None:
    with serving(log_format="json", runtime="litert", workers=2) as running:
        for worker in range(2):
            running.wait_for_log(f'"worker":{worker},"pid"')
        running.stop()
    assert {json.loads(line).get("worker") for line in running.lines} == {None, 0, 1}


def test_odd_files_leave_nothing_in_the_log_but_their_requests() -> None:
    # Two hundred tags whose values would lie far behind the end of the file.
    tags = b"".join(struct.pack("<HHII", 5000 + tag, 4, 1000, 2**20) for tag in range(200))
    odd = b"II*\0" + struct.pack("<IH", 8, 200) + tags + bytes(4)
    with serving(log_format="json", runtime="litert") as running:
        before = len(running.lines)
        with pytest.raises(ImageProblem):
            running.inkling.recognise(odd)
        running.stop()
        assert [line for line in running.lines[before:] if not line.startswith("{")] == []


def test_an_upload_without_a_key_is_refused_while_it_is_still_sent() -> None:
    head = (
        b"POST /predict/digit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: 1000000\r\n"
    )
    with serving(runtime="litert", api_keys="a" * 64) as running:
        for more, sent in ((b"", b"x" * 1000), (b"Expect: 100-continue\r\n", b"")):
            with socket.create_connection(("127.0.0.1", running.port), timeout=5) as link:
                link.sendall(head + more + b"\r\n" + sent)
                assert link.recv(100).startswith(b"HTTP/1.1 401")
        assert 'code="unauthorised"} 2.0' in running.client.get("/metrics").text


def test_sigterm_answers_what_was_accepted_and_ends_well() -> None:
    image = encode(draw("7"))
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + image + b"\r\n--b--\r\n"
    head = (
        b"POST /predict/digit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(part)
    )
    with serving(runtime="litert") as running:
        links = [socket.create_connection(("127.0.0.1", running.port), timeout=30) for _ in range(5)]
        for link in links:
            link.sendall(head)
            assert link.recv(100).startswith(b"HTTP/1.1 100")  # accepted: the application waits for the body
            link.sendall(part[:-1])
        running.process.send_signal(signal.SIGTERM)
        running.wait_for_log("Shutting down")
        for link in links:
            link.sendall(part[-1:])
            reply = link.makefile("rb").read()
            assert reply.startswith(b"HTTP/1.1 200")
            assert b'"label":"7"' in reply
            link.close()
        assert running.process.wait(30) == 0


@pytest.mark.parametrize("damage", ["missing", "damaged", "incompatible", "unloadable"])
def test_a_model_that_cannot_be_served_is_a_clear_message_and_exit_code_1(tmp_path: Path, damage: str) -> None:
    from app.artifacts import write_checksums

    models = tmp_path / "models"
    if damage != "missing":
        shutil.copytree(MODELS / "digit", models / "digit")
        path = max((models / "digit").iterdir(), key=lambda folder: int(folder.name))
        graph = path / "saved_model.pb"
        if damage in {"damaged", "unloadable"}:
            graph.write_bytes(graph.read_bytes()[:1000])
        if damage == "incompatible":
            card = json.loads((path / "card.json").read_text())
            (path / "card.json").write_text(json.dumps({**card, "preprocessing_version": 999}))
        if damage != "damaged":
            write_checksums(path)
    ended = subprocess.run(
        command("serve", "--port", "0"),
        cwd=ROOT,
        env=environment(models_dir=models, log_format="json"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    expected = {
        "missing": "There are no models",
        "damaged": "is damaged",
        "incompatible": "preprocessing version 999",
        "unloadable": "could not be loaded",
    }
    assert expected[damage] in ended.stderr
    assert damage == "unloadable" or "Traceback" not in ended.stderr


def test_a_wrong_option_is_a_clear_message() -> None:
    ended = subprocess.run(
        command("serve"), cwd=ROOT, env=environment(port="many"), capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "INKLING_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr
