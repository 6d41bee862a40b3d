"""What the laboratory says when something fails: one sentence, exit code 3, nothing left behind."""

import os
import signal
import socket
from pathlib import Path

import pytest

QUICK = ("run", "--quick", "--question", "together")
MADE = "compare_stage"
NEEDS_PROC = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes in /proc")
# The first line break ends the one with ^C.
INTERRUPTED = "\nInterrupted. The server has been stopped, and nothing was written.\n"


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_site_that_does_not_start_is_named_with_its_error(laboratory, lay_out, server: str) -> None:
    site = lay_out(6, "myapp/routes.py", "from myapp import", "import nowhere\nfrom myapp import")
    ran = laboratory(*QUICK, "--site", site, "--server", server)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "The site does not start: ModuleNotFoundError: No module named 'nowhere', "
        "at myapp/routes.py:5. This is the site's error, not the laboratory's.\n"
    )
    assert laboratory.is_clean()


def test_site_without_an_application_is_told_so(laboratory, lay_out) -> None:
    site = lay_out(1, "gs2/asgi.py", "application =", "app =")
    ran = laboratory(*QUICK, "--site", site)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "The site does not start: AttributeError: module 'gs2.asgi' has no attribute "
        "'application'. This is the site's error, not the laboratory's.\n"
    )


@pytest.mark.parametrize(("server", "name"), [("daphne", "Daphne"), ("uvicorn", "uvicorn")])
def test_server_that_dies_half_way_is_told(laboratory, lay_out, server: str, name: str) -> None:
    dies = "import os\n        os.kill(os.getpid(), 9 if last == 1 else 0)\n        for number in"
    site = lay_out(6, "myapp/consumers.py", "for number in", dies)
    ran = laboratory(*QUICK, "--site", site, "--server", server)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"{name} ended half-way, with exit status -9. Its last line: ")
    assert ran.err.count("\n") == 1
    assert laboratory.is_clean()


def test_site_that_changes_its_answers_half_way_is_told(laboratory, lay_out) -> None:
    site = lay_out(6, "myapp/consumers.py", "str(number)", 'str(number) if last > 1 else "one"')
    ran = laboratory(*QUICK, "--site", site)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "Daphne runs, but a client could not go on: to \"count 1\" the answer was 'one', not '1'.\n"
    )


def test_port_that_is_busy_is_told(laboratory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ran = laboratory(*QUICK, "--port", port)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"Port {port} of 127.0.0.1 cannot be had: Address already in use. "
        "Without --port the laboratory takes a free one.\n"
    )
    assert laboratory.is_clean()


def test_interrupted_run_says_so_and_ends_its_server(laboratory, lay_out, wait_until) -> None:
    begun = 'open("begun", "w").close()\n        for number in'
    site = lay_out(6, "myapp/consumers.py", "for number in", begun)
    run = laboratory.start(*QUICK, "--site", site)
    wait_until(lambda: list(laboratory.home.glob("coach-*/begun")))
    os.kill(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out, err) == (3, "", INTERRUPTED)
    assert laboratory.is_clean()


@NEEDS_PROC
def test_run_that_is_ended_while_its_server_starts_ends_it_too(laboratory, wait_until) -> None:
    run = laboratory.start(*QUICK)
    wait_until(lambda: laboratory.processes(MADE))
    os.kill(run.pid, signal.SIGTERM)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out, err) == (3, "", INTERRUPTED)
    assert laboratory.is_clean()


@NEEDS_PROC
def test_server_ends_by_itself_when_the_laboratory_is_killed(laboratory, wait_until) -> None:
    run = laboratory.start(*QUICK)
    wait_until(lambda: laboratory.processes(MADE))
    os.kill(run.pid, signal.SIGKILL)
    run.communicate(timeout=60)
    wait_until(lambda: not laboratory.processes())


def test_folder_without_a_site_is_refused(laboratory, tmp_path: Path) -> None:
    ran = laboratory("run", "--site", tmp_path / "nowhere")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{tmp_path}/nowhere is no folder. --site names the folder that holds manage.py.\n"
    )
    ran = laboratory("run", "--site", tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{tmp_path} holds no site of the course: manage.py or gs2/ is missing there.\n"
    )


@pytest.mark.parametrize("option", ["--json", "--svg"])
@pytest.mark.parametrize("file", ["", "missing/told"])
def test_file_that_cannot_be_written_is_told_before_anything_runs(
    laboratory, tmp_path: Path, option: str, file: str
) -> None:
    ran = laboratory("run", option, tmp_path / file)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{tmp_path / file} cannot be written. "
        "Name a file in a folder that exists and that you may write.\n"
    )


def test_drawing_needs_the_json_of_a_run(laboratory, tmp_path: Path) -> None:
    svg_file, told_file = tmp_path / "waiting.svg", tmp_path / "told.json"
    told_file.write_text("[]", "utf-8")
    ran = laboratory("draw", told_file, "--svg", svg_file)
    assert (ran.code, ran.err) == (3, f"{told_file} is not the JSON of a run of the laboratory.\n")
    ran = laboratory("draw", tmp_path / "none", "--svg", svg_file)
    assert (ran.code, ran.err) == (
        3, f"{tmp_path}/none cannot be read: No such file or directory.\n",
    )  # fmt: skip
    assert not svg_file.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--server", "apache"), ("run", "--question", "speed"), ("run", "--port", "-1"),
        ("run", "--question", "echo", "--svg", "waiting.svg"), ("draw", "told.json"), ("walk",),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_with_exit_code_2(laboratory, words: tuple[str, ...]) -> None:
    ran = laboratory(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "Error: " in ran.err
